//! `circlet restore`: brings a person back on a fresh computer, from a backup or by their 24 words.

use super::backup::Key;
use super::setup;
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{paper, progress, text, words};
use circlet_model::invitation::keys_in;
use circlet_node::api::devices::NewReturn;
use circlet_node::backup::{self, Backup, Restore};
use circlet_node::clock::Clock;
use circlet_node::identity;
use circlet_node::keystore::{Cost, Passphrase};
use circlet_node::problem::Problem;
use circlet_node::recovery::seed_of;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What a restored home calls its person in circles that it joins later, unless told.
const NAME: &str = "Me";

/// Come back on a new computer, from a backup or with your 24 words
///
/// From a backup: `circlet restore FILE`. This computer becomes a new one of yours in each circle. What
/// was taken back since the backup is learnt from the circle before anything is shown.
///
/// With the words alone: put the 24 words into a file, and under them the card of each circle, or a fresh
/// invite key to it, and name it with `--words-file`. Circlet then waits until any member's computer can
/// be reached, and brings back you and what you may read. What only the lost computer had is gone.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The backup
    #[arg(required_unless_present_any = ["words_file", "show_now"])]
    file: Option<PathBuf>,
    /// The file with your words, and with cards or invite keys where there is no backup
    #[arg(long, value_name = "FILE")]
    words_file: Option<PathBuf>,
    /// Show what the backup held though nobody could be asked what was taken back since
    #[arg(long)]
    show_now: bool,
    /// What circles that you join later shall call you
    #[arg(long, default_value = NAME, conflicts_with = "file")]
    name: String,
    /// Keep the key on this computer without a passphrase
    #[arg(long, conflicts_with = "passphrase_file")]
    no_passphrase: bool,
}

/// Comes back from a backup or by the words, or shows what came back.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    match (&args.file, &args.words_file) {
        (Some(file), _) => from_backup(file, args, context).await,
        (None, Some(words_file)) if !args.show_now => by_words(words_file, args, context).await,
        (None, Some(_)) => Err(Failure::usage(
            "With the words alone there is nothing here yet that could be shown.",
            "Leave `--show-now` out.",
        )),
        (None, None) => show_now(context).await,
    }
}

/// Makes the home from a backup.
async fn from_backup(file: &Path, args: &Args, context: &Context) -> Result<Done> {
    backup::refuse_taken(context.home.root())?;
    let key = Key::read(file, args.words_file.as_deref(), context)?;
    let passphrase = match &key {
        Key::Passphrase(passphrase) if !args.no_passphrase => Some(passphrase.clone()),
        Key::Passphrase(_) => None,
        Key::Words(_) => setup::passphrase(args.no_passphrase, context)?
            .map(|words| Passphrase::from(words.as_str())),
    };
    let (home, path, shown) = (context.home.clone(), file.to_owned(), args.show_now);
    let work = tokio::task::spawn_blocking(move || {
        let opened = Backup::open(&path, &key.unlock())?;
        let cost = match passphrase {
            Some(_) => Cost::tuned()?,
            None => Cost::default(),
        };
        let how = Restore {
            passphrase: passphrase.as_ref(),
            cost,
            show_now: shown,
            now: Clock::default().now(),
        };
        backup::restore(&home, &opened, &how)
    });
    let restored = progress::told(context.printer, "Restoring.", None, work).await;
    let circles: Vec<String> = restored.map_err(|_| Failure::bug())??;
    Ok(Done {
        message: restored_message(&circles, args.show_now),
        json: json!({ "circles": circles, "shown": args.show_now }),
        ..Done::default()
    })
}

fn restored_message(circles: &[String], shown: bool) -> String {
    let next = if circles.is_empty() {
        "`circlet new NAME` starts a circle; `circlet join` comes into one you were invited to."
    } else if shown {
        "Everything is shown as the backup held it: what was taken back since is among it until this \
         computer has met a member's. Run `circlet start`."
    } else {
        "Run `circlet start`. The stories stay out of sight until this computer has met a member's and \
         learnt what was taken back since. If nobody else is left to meet: `circlet restore --show-now`."
    };
    let what = match circles {
        [] => "You are back, and in no circle yet.".to_owned(),
        names => format!(
            "You are back in {}, as a new computer of yours.",
            words::names(names)
        ),
    };
    format!("{what}\n{next}")
}

/// Shows what came from a backup and is not shown yet.
async fn show_now(context: &Context) -> Result<Done> {
    let json = context.post("/v1/show-now", &json!({})).await?;
    let some = json.get("shown").and_then(Value::as_u64) != Some(0);
    let message = if some {
        "Shown now, as the backup held it. What was taken back since goes as soon as this computer meets \
         a member's."
    } else {
        "Nothing here waits to be shown."
    };
    Ok(Done {
        message: message.to_owned(),
        json,
        ..Done::default()
    })
}

/// Sets the home up as the words say, and begins to come back to each circle.
async fn by_words(words_file: &Path, args: &Args, context: &Context) -> Result<Done> {
    let read = text::file(words_file)?;
    let (written, keys) = paper::apart(&read);
    let seed = seed_of(&written)?;
    let found = keys_in(&keys).map_err(Problem::from)?;
    if found.is_empty() {
        return Err(Failure::new(
            "no-card",
            "The words are right, but no circle card or invite key stands with them. Nothing was done.",
            "Write the card of each circle under them, or ask a member for a fresh invite key.",
        ));
    }
    if !context.is_set_up() {
        let passphrase = setup::passphrase(args.no_passphrase, context)?;
        let passphrase = passphrase.map(|words| Passphrase::from(words.as_str()));
        let cost = match passphrase {
            Some(_) => Cost::tuned().map_err(Problem::from)?,
            None => Cost::default(),
        };
        identity::restore(&context.home, &args.name, &seed, passphrase.as_ref(), cost)?;
    }
    let body = NewReturn {
        words: written.to_string(),
        keys: keys.to_string(),
    };
    let json = context.post("/v1/returns", &body).await?;
    Ok(Done {
        message: said(&json),
        json,
        ..Done::default()
    })
}

/// Returns what came of it: the same sentence only once.
fn said(json: &Value) -> String {
    let circles = json.get("circles").and_then(Value::as_array);
    let mut sentences: Vec<String> = Vec::new();
    for circle in circles.into_iter().flatten() {
        let sentence = words::field(circle, "sentence");
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    format!("These are your words. {}", sentences.join("\n"))
}
