//! `circlet device`: the computers of one person in a circle.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{qr, words};
use circlet_node::api::devices::FourWords;
use clap::Subcommand;
use serde_json::{Value, json};
use std::fmt::Write;

/// Use Circlet on another computer of yours, too
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

/// What can be done with computers.
#[derive(Debug, Subcommand)]
enum Action {
    /// Make a key that brings another computer of yours into the circle
    ///
    /// Set Circlet up on the other computer and give it the key with `circlet join`. It shows four words;
    /// type them here, and it comes in as you, with what you may read.
    Add {
        /// Show the key as a QR code too
        #[arg(long)]
        qr: bool,
        /// The four words that the other computer shows
        #[arg(long, value_name = "WORDS", conflicts_with = "qr")]
        confirm: Option<String>,
    },
    /// List your computers in the circle
    List,
    /// Take another computer of yours out of the circle
    ///
    /// What is shared from then on does not open on it. It keeps what it has; and who can open it has
    /// your key to this circle.
    Remove {
        /// Its id, or its first characters
        id: String,
        /// The same once more, to be sure
        #[arg(long, value_name = "ID")]
        confirm: Option<String>,
    },
}

/// Does what was asked.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    match &args.action {
        Action::Add {
            confirm: Some(words),
            ..
        } => confirm(words, context).await,
        Action::Add { qr, confirm: None } => add(*qr, context).await,
        Action::List => list(context).await,
        Action::Remove { id, confirm } => remove(id, confirm.as_deref(), context).await,
    }
}

async fn add(qr: bool, context: &Context) -> Result<Done> {
    let json = context.post("/v1/devices", &json!({})).await?;
    let text = words::field(&json, "key");
    let picture = qr.then(|| qr::draw(&text, context.printer.plain));
    Ok(Done {
        message: words::field(&json, "sentence"),
        picture: picture.flatten().unwrap_or_default(),
        text,
        json,
        told: false,
    })
}

async fn confirm(words: &str, context: &Context) -> Result<Done> {
    let body = FourWords {
        words: words.to_owned(),
    };
    let json = context.post("/v1/devices/confirm", &body).await?;
    Ok(Done {
        message: words::field(&json, "sentence"),
        json,
        ..Done::default()
    })
}

async fn list(context: &Context) -> Result<Done> {
    let json = context.get_of_circle("/v1/devices", &[]).await?;
    let mut text = String::new();
    let all = json.get("devices").and_then(Value::as_array);
    for device in all.into_iter().flatten() {
        let id = words::field(device, "id");
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}  {}", words::short(&id), line(device));
    }
    let waiting = json.get("waiting").and_then(Value::as_u64);
    let message = match waiting.unwrap_or_default() {
        0 => "",
        _ => {
            "Another computer waits to be let in. Type the four words that it shows: `circlet device \
             add --confirm \"WORDS\"`."
        }
    };
    Ok(Done {
        message: message.to_owned(),
        text,
        json,
        ..Done::default()
    })
}

/// Says which computer it is, and since when.
fn line(device: &Value) -> String {
    let is = |name| device.get(name).and_then(Value::as_bool) == Some(true);
    let which = if is("here") {
        "this computer"
    } else {
        "another computer of yours"
    };
    if is("active") {
        format!(
            "{which}, since {}",
            words::day(&words::field(device, "since"))
        )
    } else {
        format!("{which}, taken out")
    }
}

async fn remove(id: &str, again: Option<&str>, context: &Context) -> Result<Done> {
    let id = words::plain_id(id)?;
    let asked = "To take it out for good, type its id once more: ";
    let again = match again {
        Some(again) => Some(again.to_owned()),
        None => context.ask(asked)?,
    };
    let Some(again) = again else {
        return Err(Failure::usage(
            "Taking a computer out cannot be undone.",
            format!("Add `--confirm {id}` if that is what you want."),
        ));
    };
    if again.trim().to_ascii_lowercase() != id {
        return Err(Failure::cancelled(
            "That is not the same id. Nothing was changed.",
        ));
    }
    let path = format!("/v1/devices/{id}/remove");
    let json = context.post(&path, &json!({})).await?;
    Ok(Done {
        message: words::field(&json, "sentence"),
        json,
        ..Done::default()
    })
}
