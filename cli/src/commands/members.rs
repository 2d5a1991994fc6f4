//! `circlet members`: who is in the circle, roles, removing somebody.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{people, words};
use circlet_node::api::roles::{NewRole, Role};
use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};
use std::fmt::Write;

/// Show who is in the circle
///
/// Also who waits for a welcome, and who left or was removed of late. For newcomers it shows the four
/// words that they can compare with you.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Option<Action>,
}

/// What can be done with members.
#[derive(Debug, Subcommand)]
enum Action {
    /// Remove somebody from the circle
    ///
    /// A keeper's word is enough; what other members say counts once more than half of them say the
    /// same. They keep what they have already read. In a terminal you are asked to type the name again;
    /// scripts give it with `--confirm`.
    Remove {
        /// Whom: the name, or the beginning of the id
        name: String,
        /// The name once more, so that nobody is removed by a slip
        #[arg(long, value_name = "NAME")]
        confirm: Option<String>,
    },
    /// See nothing of what somebody shares
    ///
    /// Nobody is told, and what they share still reaches this computer and goes on from it to the others.
    /// It holds on this computer alone; `circlet members` shows you whom you muted.
    Mute {
        /// Whom: the name, or the beginning of the id
        name: String,
    },
    /// See what somebody shares again
    Unmute {
        /// Whom: the name, or the beginning of the id
        name: String,
    },
    /// Make somebody a keeper, or a member again
    ///
    /// Keepers can remove members and choose keepers. What other members say counts once more than
    /// half of them say the same.
    Role {
        /// Whom: the name, or the beginning of the id
        name: String,
        /// Which
        #[arg(value_enum)]
        role: Given,
    },
}

/// Which role.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Given {
    /// Can remove members and choose keepers
    Keeper,
    /// Shares, answers, invites
    Member,
}

/// Shows the members, or does what else was asked.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let json = context.get_of_circle("/v1/members", &[]).await?;
    match &args.action {
        None => Ok(show(json)),
        Some(Action::Remove { name, confirm }) => {
            let member = people::find(people::list(&json, "members"), name)?;
            remove(member, confirm.as_deref(), context).await
        }
        Some(Action::Mute { name }) => mute(&json, name, "mute", context).await,
        Some(Action::Unmute { name }) => mute(&json, name, "unmute", context).await,
        Some(Action::Role { name, role }) => {
            let member = people::find(people::list(&json, "members"), name)?;
            give(member, *role, context).await
        }
    }
}

async fn remove(member: &Value, confirm: Option<&str>, context: &Context) -> Result<Done> {
    let (id, name) = (words::field(member, "id"), words::field(member, "name"));
    let others = "The others stop sharing with them as soon as their computers hear of it. They keep \
                  what they have already read.";
    let asked = format!("{others}\nTo remove {name}, type the name: ");
    match context.confirm(confirm, &name, &asked)? {
        Some(true) => {}
        Some(false) => {
            return Err(Failure::cancelled(
                "That is not the name. Nobody was removed.",
            ));
        }
        None => {
            return Err(Failure::usage(
                format!("Removing {name} has to be confirmed. Nobody was removed."),
                format!("Add `--confirm \"{name}\"`, or run this in a terminal."),
            ));
        }
    }
    let path = format!("/v1/members/{id}/remove");
    Ok(told(context.post(&path, &json!({})).await?))
}

async fn give(member: &Value, role: Given, context: &Context) -> Result<Done> {
    let role = match role {
        Given::Keeper => Role::Keeper,
        Given::Member => Role::Member,
    };
    let path = format!("/v1/members/{}/role", words::field(member, "id"));
    Ok(told(context.post(&path, &NewRole { role }).await?))
}

/// Mutes or unmutes somebody who belongs, or did.
async fn mute(json: &Value, name: &str, how: &str, context: &Context) -> Result<Done> {
    let lists = ["members", "gone"].map(|list| people::list(json, list));
    let everybody = lists.concat();
    let id = words::field(people::find(&everybody, name)?, "id");
    let path = format!("/v1/members/{id}/{how}");
    Ok(told(context.post(&path, &json!({})).await?))
}

fn told(json: Value) -> Done {
    let message = words::field(&json, "sentence");
    Done {
        json,
        message,
        ..Done::default()
    }
}

fn show(json: Value) -> Done {
    let members = people::list(&json, "members");
    let mut text = String::new();
    for member in members {
        write_member(member, members, &mut text);
    }
    let waiting = people::list(&json, "waiting");
    if !waiting.is_empty() {
        text.push_str("\nWaiting for a welcome (`circlet welcome NAME`):\n");
        write_waiting(waiting, &mut text);
    }
    let aside = people::list(&json, "aside");
    if !aside.is_empty() {
        text.push_str("\nPut aside on this computer (`circlet welcome NAME`):\n");
        write_waiting(aside, &mut text);
    }
    let mut gone = people::list(&json, "gone")
        .iter()
        .filter(|gone| is_news(gone))
        .peekable();
    if gone.peek().is_some() {
        text.push('\n');
    }
    for gone in gone {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", words::field(gone, "sentence"));
    }
    Done {
        json,
        text,
        ..Done::default()
    }
}

/// Writes those who wait, with the words to compare. Writing to a string does not fail.
pub(crate) fn write_waiting(waiting: &[Value], text: &mut String) {
    for person in waiting {
        let (name, id) = (words::field(person, "name"), words::field(person, "id"));
        let _ = writeln!(text, "  {name} ({})", words::short(&id));
        let _ = writeln!(text, "    four words: {}", words::field(person, "words"));
    }
}

/// Writes one member. Writing to a string does not fail.
fn write_member(member: &Value, members: &[Value], text: &mut String) {
    let name = words::field(member, "name");
    let mut asides = Vec::new();
    if member.get("me").and_then(Value::as_bool) == Some(true) {
        asides.push("you".to_owned());
    }
    if words::field(member, "role") == "keeper" {
        asides.push("keeper".to_owned());
    }
    if member.get("muted").and_then(Value::as_bool) == Some(true) {
        asides.push("muted by you".to_owned());
    }
    match number(member, "devices") {
        0 | 1 => {}
        devices => asides.push(format!("{devices} devices")),
    }
    let same = |other: &&Value| words::field(other, "name") == name;
    if members.iter().filter(same).count() > 1 {
        asides.push(words::short(&words::field(member, "id")).to_owned());
    }
    let aside = match asides.as_slice() {
        [] => String::new(),
        asides => format!(" ({})", asides.join(", ")),
    };
    let _ = writeln!(text, "{name}{aside}");
    let (since, four) = (words::field(member, "since"), words::field(member, "words"));
    if words::is_of_late(&since) && !four.is_empty() {
        let since = words::day(&since);
        let _ = writeln!(text, "  new since {since}, four words: {four}");
    }
    if member.get("asked_out").and_then(Value::as_bool) == Some(true) {
        let role = words::field(member, "role");
        let _ = writeln!(
            text,
            "  A keeper asked to remove them; another keeper can agree (`circlet members remove`), or\n  \
             say that they stay (`circlet members role {name} {role}`). Until then they belong, and\n  \
             get no new keys."
        );
    }
}

/// Whether it is news that somebody is gone: it happened of late, or not everybody knows.
fn is_news(gone: &Value) -> bool {
    let removed = gone.get("removed").and_then(Value::as_bool) == Some(true);
    let spreads = removed && number(gone, "known_by") < number(gone, "of");
    spreads || words::is_of_late(&words::field(gone, "day"))
}

fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or_default()
}
