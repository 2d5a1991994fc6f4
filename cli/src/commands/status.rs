//! `circlet status`, and `circlet` alone: how things are, and what you can do next.

use super::open;
use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::{people, words};
use circlet_node::client;
use serde_json::{Value, json};
use std::fmt::Write;

/// Show how your circles are
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// What `circlet` says where it was never set up.
const WELCOME: &str = "\
Circlet keeps a small group's stories on the members' own computers.
There is no company in the middle.

  circlet open                set it up in the browser
  circlet setup --name NAME   set it up here, with the name the others shall call you
  circlet demo                watch three people form a circle, all on this computer
  circlet help                everything else";

/// Shows the status.
pub(crate) async fn run(_: &Args, context: &Context) -> Result<Done> {
    let json = context.get_of_circle("/v1/status", &[]).await?;
    context.name_drafts();
    if is_locked(&json) {
        return Ok(Done {
            json,
            text: LOCKED.to_owned(),
            ..Done::default()
        });
    }
    let mut text = String::new();
    for circle in circles(&json) {
        if !text.is_empty() {
            text.push('\n');
        }
        write_circle(circle, &mut text);
    }
    let message = if text.is_empty() { NO_CIRCLE } else { "" };
    if let Some(backup) = json.get("backup").filter(|_| !text.is_empty()) {
        let _ = writeln!(text, "\n{}", words::field(backup, "sentence"));
    }
    Ok(Done {
        json,
        text,
        message: message.to_owned(),
        ..Done::default()
    })
}

/// What is said where the node is locked.
const LOCKED: &str = "Circlet is locked. It shows nothing and meets nobody until `circlet unlock`; what \
                      was shared is safe.";

/// What is said where there is no circle.
const NO_CIRCLE: &str = "No circle yet. `circlet new NAME` starts one; `circlet join` comes into one \
                         you were invited to.";

/// What is said where no node runs.
const NOT_RUNNING: &str = "Circlet isn't running. Everything still works here; it goes out and comes \
                           in once you run `circlet start`.";

/// Shows a short status, and opens the page where somebody sits at a desktop.
pub(crate) async fn alone(context: &Context) -> Result<Done> {
    if !open::has_desktop(context) {
        return glance(context).await;
    }
    let opened = open::run(&open::Args::default(), context).await;
    let mut done = glance(context).await?;
    match opened {
        Ok(page) if page.text.is_empty() => done.message = page.message,
        // The link alone is what `circlet open` is for.
        Ok(_) => {}
        Err(failure) => context.printer.failed(&failure),
    }
    Ok(done)
}

/// Shows a short status, without asking for anything.
async fn glance(context: &Context) -> Result<Done> {
    if !context.is_set_up() {
        let json = json!({ "set_up": false, "running": false });
        return Ok(Done {
            json,
            text: WELCOME.to_owned(),
            ..Done::default()
        });
    }
    if client::probe(&context.home).await?.is_none() {
        context.name_drafts();
        let json = json!({ "set_up": true, "running": false });
        return Ok(Done {
            json,
            text: format!("{NOT_RUNNING}\n\n{NEXT}"),
            ..Done::default()
        });
    }
    let mut done = run(&Args {}, context).await?;
    let locked = is_locked(&done.json);
    if let Some(fields) = done.json.as_object_mut() {
        fields.insert("set_up".to_owned(), json!(true));
        fields.insert("running".to_owned(), json!(true));
    }
    if !done.text.is_empty() && !locked {
        let _ = write!(done.text, "\n{NEXT}");
    }
    Ok(done)
}

/// What can be done next.
const NEXT: &str = "  circlet open     everything in the browser
  circlet read     what was shared
  circlet share    share a story
  circlet invite   invite somebody
  circlet help     everything else";

/// Writes how one circle is. Writing to a string does not fail.
fn write_circle(circle: &Value, text: &mut String) {
    let name = words::field(circle, "name");
    let name = if words::field(circle, "state") == "unreadable" {
        format!("The circle {}", words::field(circle, "id"))
    } else if name.is_empty() {
        "A circle you are joining".to_owned()
    } else {
        name
    };
    let _ = writeln!(text, "{name}");
    let others = others(circle);
    if !others.is_empty() {
        let _ = writeln!(text, "  With {}.", words::names(&others));
    }
    let _ = writeln!(text, "  {}", words::field(circle, "sentence"));
    let four = words::field(circle, "words");
    if !four.is_empty() {
        let _ = writeln!(text, "  Your four words: {four}");
    }
    let waiting = people::list(circle, "waiting").iter();
    let waiting: Vec<String> = waiting
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect();
    if !waiting.is_empty() {
        let names = words::names(&waiting);
        let _ = writeln!(
            text,
            "  Waiting for a welcome: {names}. See `circlet welcome`."
        );
    }
}

fn is_locked(json: &Value) -> bool {
    json.get("locked").and_then(Value::as_bool) == Some(true)
}

fn circles(json: &Value) -> impl Iterator<Item = &Value> {
    json.get("circles")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// Returns the names of the members beside the person at this computer.
fn others(circle: &Value) -> Vec<String> {
    let members = circle.get("members").and_then(Value::as_array);
    members
        .into_iter()
        .flatten()
        .filter(|member| member.get("me") != Some(&Value::Bool(true)))
        .map(|member| words::field(member, "name"))
        .collect()
}
