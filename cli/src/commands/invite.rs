//! `circlet invite`: makes, lists, shows and stops invites.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{qr, words};
use circlet_node::api::invites::{History, NewInvite};
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::fmt::Write;

/// Invite somebody into your circle
///
/// Makes a key for one person, good for seven days; they see what is shared from then on.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
    /// How many people it lets in [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    uses: Option<u16>,
    /// How long it lasts: 7d, 12h or 30m [default: 7d]
    #[arg(long, value_name = "LENGTH", value_parser = words::parse_length)]
    expires: Option<u64>,
    /// What newcomers may read of the time before [default: from-now]
    #[arg(long, value_enum, value_name = "HISTORY")]
    history: Option<Before>,
    /// Whoever holds it knocks, and is in once a member says `circlet welcome`
    #[arg(long)]
    knock: bool,
    /// Show the key as a QR code too
    #[arg(long)]
    qr: bool,
}

/// What else can be done with invites.
#[derive(Debug, Subcommand)]
enum Action {
    /// List the circle's invites
    List,
    /// Show an invite's key again, with the way to this computer
    Show {
        /// The invite's id, or its first characters; nothing = the open one that lasts longest
        id: Option<String>,
        /// Show the key as a QR code too
        #[arg(long)]
        qr: bool,
    },
    /// Stop an invite, so that nobody else can come in with it
    Stop {
        /// The invite's id, or its first characters
        id: String,
    },
}

/// What newcomers may read of the time before.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Before {
    /// Nothing
    FromNow,
    /// The last 30 days
    #[value(name = "30d")]
    Days30,
    /// Everything
    All,
}

/// Makes an invite, or does what else was asked.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let told = args.uses.is_some() || args.expires.is_some() || args.history.is_some();
    let made = told || args.knock;
    match &args.action {
        None => make(args, context).await,
        Some(_) if made => Err(Failure::usage(
            "`--uses`, `--expires`, `--history` and `--knock` are for making a new invite.",
            "An invite that stands cannot be changed: stop it and make another.",
        )),
        Some(Action::List) => list(context).await,
        Some(Action::Show { id, qr }) => show(id.as_deref(), args.qr || *qr, context).await,
        Some(Action::Stop { id }) => stop(id, context).await,
    }
}

async fn make(args: &Args, context: &Context) -> Result<Done> {
    let unless_told = NewInvite::default();
    let body = NewInvite {
        uses: args.uses.unwrap_or(unless_told.uses),
        expires_in: args.expires.unwrap_or(unless_told.expires_in),
        history: match args.history {
            None => unless_told.history,
            Some(Before::FromNow) => History::FromNow,
            Some(Before::Days30) => History::Days30,
            Some(Before::All) => History::All,
        },
        knock: args.knock,
    };
    let json = context.post("/v1/invites", &body).await?;
    Ok(key(json, args.qr, context))
}

async fn show(id: Option<&str>, qr: bool, context: &Context) -> Result<Done> {
    let id = match id {
        Some(id) => words::plain_id(id)?,
        None => lasting(context).await?,
    };
    let json = context
        .get_of_circle(&format!("/v1/invites/{id}"), &[])
        .await?;
    Ok(key(json, qr, context))
}

async fn stop(id: &str, context: &Context) -> Result<Done> {
    let id = words::plain_id(id)?;
    let json = context
        .post(&format!("/v1/invites/{id}/stop"), &json!({}))
        .await?;
    let message = "That invite is stopped. Whoever came in with it stays; nobody else can use it.";
    Ok(Done {
        json,
        message: message.to_owned(),
        ..Done::default()
    })
}

/// Shows a key with what to do with it.
fn key(json: Value, qr: bool, context: &Context) -> Done {
    let text = words::field(&json, "key");
    let picture = if qr {
        qr::draw(&text, context.printer.plain)
    } else {
        None
    };
    let message = words::field(&json, "sentence");
    Done {
        json,
        text,
        picture: picture.unwrap_or_default(),
        message,
        told: false,
    }
}

/// Lists the invites, the open ones first.
async fn list(context: &Context) -> Result<Done> {
    let json = context.get_of_circle("/v1/invites", &[]).await?;
    let mut text = String::new();
    for invite in all(&json) {
        let id = words::field(invite, "id");
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}  {}", words::short(&id), line(invite));
    }
    let message = if text.is_empty() {
        "No invite yet. `circlet invite` makes one."
    } else {
        ""
    };
    Ok(Done {
        json,
        text,
        message: message.to_owned(),
        ..Done::default()
    })
}

/// Says of an invite whose it is and whether it still lets somebody in.
fn line(invite: &Value) -> String {
    let by = words::field(invite, "by");
    if !is_open(invite) {
        return format!("{by}'s, ended");
    }
    let number = |name| invite.get(name).and_then(Value::as_u64).unwrap_or_default();
    let left = match number("uses").saturating_sub(number("used")) {
        1 => "works once more".to_owned(),
        left => format!("works {left} more times"),
    };
    let knock = invite.get("knock").and_then(Value::as_bool) == Some(true);
    let welcome = if knock { ", with a welcome" } else { "" };
    let until = words::day(&words::field(invite, "expires"));
    format!("{by}'s, {left}{welcome}, until {until}")
}

/// Returns the id of the open invite that lasts longest; the list has it last among the open ones.
async fn lasting(context: &Context) -> Result<String> {
    let json = context.get_of_circle("/v1/invites", &[]).await?;
    let open = all(&json).filter(|invite| is_open(invite)).last();
    open.map(|invite| words::field(invite, "id"))
        .ok_or_else(|| {
            Failure::not_found(
                "There is no open invite.",
                "`circlet invite` makes a new one.",
            )
        })
}

fn all(json: &Value) -> impl Iterator<Item = &Value> {
    json.get("invites")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn is_open(invite: &Value) -> bool {
    invite
        .get("open")
        .and_then(Value::as_bool)
        .unwrap_or_default()
}
