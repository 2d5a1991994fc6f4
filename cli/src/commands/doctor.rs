//! `circlet doctor`: looks at the usual causes of trouble.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::words;
use circlet_node::api::doctor::{Check, of_files};
use circlet_node::clock::Clock;
use serde_json::{Value, json};
use std::fmt::Write;

/// Look at the usual causes of trouble on this computer
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Looks, and says what was found.
pub(crate) async fn run(_: &Args, context: &Context) -> Result<Done> {
    let json = match context.get("/v1/doctor").await {
        Err(failure) if failure.code != "not-set-up" => {
            let mut checks = of_files(&context.home, Clock::default().now());
            checks.push(Check {
                check: "open",
                ok: false,
                sentence: format!("{} {}", failure.message, failure.next),
            });
            json!({ "checks": checks })
        }
        answer => answer?,
    };
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
