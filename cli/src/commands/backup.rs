//! `circlet backup`: one encrypted file to come back by, made and checked.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{paper, progress, text, words};
use circlet_model::key::Secret;
use circlet_node::api::backups::NewBackup;
use circlet_node::backup::{self, Account, Backup, Unlock};
use circlet_node::clock::Clock;
use circlet_node::keystore::Passphrase;
use circlet_node::problem::Problem;
use circlet_node::recovery::seed_of;
use clap::Subcommand;
use serde_json::{Value, json};
use std::path::{Path, PathBuf, absolute};

/// Keep a backup of everything, or check one
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

/// What can be done with backups.
#[derive(Debug, Subcommand)]
enum Action {
    /// Write everything into one encrypted file
    ///
    /// Your passphrase opens it, and so do your 24 words; without a passphrase, the words alone. Circlet
    /// may run meanwhile. Keep it on another disk. What is taken back later cannot be taken out of it;
    /// but a computer that is restored from it learns of it before it shows anything.
    Make {
        /// The file to write
        file: PathBuf,
        /// Write over a file that is there
        #[arg(long)]
        force: bool,
    },
    /// Open a backup and say what is in it
    ///
    /// It is really opened, read to the end and put together in memory, as it would be to restore it.
    /// Nothing is changed.
    Check {
        /// The backup
        file: PathBuf,
        /// Open it with your 24 words, from this file
        #[arg(long, value_name = "FILE")]
        words_file: Option<PathBuf>,
    },
}

/// Does what was asked.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    match &args.action {
        Action::Make { file, force } => make(file, *force, context).await,
        Action::Check { file, words_file } => check(file, words_file.as_deref(), context).await,
    }
}

async fn make(file: &Path, force: bool, context: &Context) -> Result<Done> {
    if !context.is_set_up() {
        return Err(Problem::not_set_up().into());
    }
    let path = whole(file)?;
    let passphrase = context.passphrase_if_needed()?;
    let body = NewBackup {
        path: path.clone(),
        passphrase: passphrase.map(|words| words.to_string()),
        force,
    };
    let asked = context.post("/v1/backups", &body);
    let what = "Making the backup. Circlet goes on meanwhile.";
    let json = progress::told(context.printer, what, Some(&path), asked).await?;
    Ok(Done {
        message: made(file, &json),
        json,
        ..Done::default()
    })
}

/// Says what was made, what opens it and what is not in it.
fn made(file: &Path, json: &Value) -> String {
    let circles = words::list(json, "circles");
    let holds = match circles.as_slice() {
        [] => "You are in no circle yet, so it holds you alone.".to_owned(),
        names => format!("It holds {}.", words::names(names)),
    };
    let opens = if json.get("passphrase").and_then(Value::as_bool) == Some(true) {
        "Your passphrase opens it, and so do your 24 words."
    } else {
        "Only your 24 words open it (`circlet words show`): this home has no passphrase."
    };
    let left_out = words::list(json, "left_out");
    let without = match left_out.as_slice() {
        [] => String::new(),
        names => format!(
            "\nNot in it: {}, which cannot be read here or is not joined yet.",
            words::names(names)
        ),
    };
    format!(
        "The backup is at {}. {holds} {opens}{without}\n\
         Keep it on another disk. `circlet backup check {}` opens it and looks.",
        file.display(),
        file.display()
    )
}

async fn check(file: &Path, words_file: Option<&Path>, context: &Context) -> Result<Done> {
    let key = Key::read(file, words_file, context)?;
    let path = file.to_owned();
    let work = tokio::task::spawn_blocking(move || {
        let backup = Backup::open(&path, &key.unlock())?;
        backup.check(Clock::default().now())
    });
    let checked = progress::told(context.printer, "Reading the backup.", None, work).await;
    let account = checked.map_err(|_| Failure::bug())??;
    Ok(Done {
        json: json!({
            "made": moment(&account),
            "name": account.name,
            "circles": account.circles.iter().map(|(name, members)| {
                json!({ "name": name, "members": members })
            }).collect::<Vec<_>>(),
        }),
        text: told(&account),
        message: "The backup is whole. `circlet restore FILE` comes back from it.".to_owned(),
        ..Done::default()
    })
}

fn told(account: &Account) -> String {
    let made = format!(
        "Made {}, by {}.",
        words::day(&moment(account)),
        account.name
    );
    let circles = account.circles.iter().map(|(name, members)| {
        let members = words::names(members);
        format!("\n{name}: with {members}")
    });
    made + &circles.collect::<String>()
}

fn moment(account: &Account) -> String {
    let made = i64::try_from(account.made.0).unwrap_or(i64::MAX);
    let made = jiff::Timestamp::from_millisecond(made);
    made.map_or_else(|_| "at some time".to_owned(), |made| made.to_string())
}

/// What opens a backup here: words from a file, or a passphrase.
pub(crate) enum Key {
    /// The 24 words.
    Words(Secret),
    /// The passphrase.
    Passphrase(Passphrase),
}

impl Key {
    /// Reads the words if a file with them is named; asks for the passphrase otherwise.
    pub(crate) fn read(file: &Path, words_file: Option<&Path>, context: &Context) -> Result<Self> {
        let with_passphrase = backup::needs_passphrase(file)?;
        let Some(words_file) = words_file else {
            if !with_passphrase {
                return Err(backup::words_only().into());
            }
            let words = context.passphrase()?;
            return Ok(Self::Passphrase(Passphrase::from(words.as_str())));
        };
        let (written, _) = paper::apart(&text::file(words_file)?);
        Ok(Self::Words(seed_of(&written)?))
    }

    /// Returns it in the form in which a backup takes it.
    pub(crate) fn unlock(&self) -> Unlock<'_> {
        match self {
            Self::Words(seed) => Unlock::Words(seed),
            Self::Passphrase(passphrase) => Unlock::Passphrase(passphrase),
        }
    }
}

/// Returns the whole path of a file: the node may stand in another folder.
pub(crate) fn whole(file: &Path) -> Result<PathBuf> {
    absolute(file).map_err(|error| Failure::computer("Circlet could not find that place", &error))
}
