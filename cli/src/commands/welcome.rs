//! `circlet welcome`: lets somebody in who knocked, or puts them aside.

use super::members::write_waiting;
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{people, words};
use serde_json::{Value, json};

/// Let somebody in who knocked
///
/// Compare the four words with them first, by voice or face to face: the same four stand on their
/// screen. Other words mean that somebody else came in their place.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Whom: the name, or the beginning of the id; nothing = the only one who waits
    name: Option<String>,
    /// Put them aside instead, on this computer alone, for a week at most
    #[arg(long)]
    not_now: bool,
}

/// Lets them in, puts them aside, or lists who waits.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let json = context.get_of_circle("/v1/members", &[]).await?;
    let waiting = people::list(&json, "waiting");
    let aside = people::list(&json, "aside");
    let all: Vec<Value> = waiting.iter().chain(aside).cloned().collect();
    let person = match (&args.name, waiting) {
        (Some(name), _) if !all.is_empty() => people::find(&all, name)?,
        (_, []) => {
            return Err(Failure::not_found(
                "Nobody is waiting for a welcome.",
                "Whoever holds an invite made with `circlet invite --knock` knocks, and then stands \
                 here.",
            ));
        }
        (_, [one]) => one,
        (_, several) => return Ok(list(several)),
    };
    let (id, name) = (words::field(person, "id"), words::field(person, "name"));
    if args.not_now {
        return say(&format!("/v1/members/{id}/not-now"), context).await;
    }
    let four = words::field(person, "words");
    let question = format!(
        "{name} would like to join. Their four words: {four}\n\
         Compare them with {name}, then type yes to let them in: "
    );
    if let Some(answer) = context.ask(&question)?
        && answer.trim().to_lowercase() != "yes"
    {
        return Err(Failure::cancelled("They are still waiting."));
    }
    say(&format!("/v1/members/{id}/welcome"), context).await
}

async fn say(path: &str, context: &Context) -> Result<Done> {
    let json = context.post(path, &json!({})).await?;
    let message = words::field(&json, "sentence");
    Ok(Done {
        json,
        message,
        ..Done::default()
    })
}

fn list(waiting: &[Value]) -> Done {
    let mut text = String::new();
    write_waiting(waiting, &mut text);
    Done {
        json: json!({ "waiting": waiting }),
        text,
        message: "Say whom, as in `circlet welcome NAME`, once you have compared the four words."
            .to_owned(),
        ..Done::default()
    }
}
