//! `circlet members`: who is in the circle.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::words;
use serde_json::Value;
use std::fmt::Write;

/// Show who is in the circle
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Shows the members.
pub(crate) async fn run(_: &Args, context: &Context) -> Result<Done> {
    let json = context.get_of_circle("/v1/members", &[]).await?;
    let members = json.get("members").and_then(Value::as_array);
    let mut text = String::new();
    for member in members.into_iter().flatten() {
        let mut asides = Vec::new();
        if member
            .get("me")
            .and_then(Value::as_bool)
            .unwrap_or_default()
        {
            asides.push("you");
        }
        if words::field(member, "role") == "keeper" {
            asides.push("keeper");
        }
        let aside = match asides.as_slice() {
            [] => String::new(),
            asides => format!(" ({})", asides.join(", ")),
        };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}{aside}", words::field(member, "name"));
    }
    Ok(Done {
        json,
        text,
        ..Done::default()
    })
}
