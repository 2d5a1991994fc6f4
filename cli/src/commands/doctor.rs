//! `circlet doctor`: looks at the usual causes of trouble.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::words;
use serde_json::Value;
use std::fmt::Write;

/// Look at the usual causes of trouble on this computer
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Looks, and says what was found.
pub(crate) async fn run(_: &Args, context: &Context) -> Result<Done> {
    let json = context.get("/v1/doctor").await?;
    let checks = json.get("checks").and_then(Value::as_array);
    let mut text = String::new();
    for check in checks.into_iter().flatten() {
        let fine = check.get("ok").and_then(Value::as_bool).unwrap_or_default();
        let mark = if fine { "fine" } else { "look" };
        // Writing to a string does not fail.
        let _ = writeln!(text, "{mark}  {}", words::field(check, "sentence"));
    }
    Ok(Done {
        json,
        text,
        ..Done::default()
    })
}
