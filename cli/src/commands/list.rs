//! `circlet list`: the circles on this computer.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::words;
use serde_json::Value;
use std::fmt::Write;

/// List your circles
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Lists them.
pub(crate) async fn run(_: &Args, context: &Context) -> Result<Done> {
    let json = context.get("/v1/circles").await?;
    let circles = json.get("circles").and_then(Value::as_array);
    let mut text = String::new();
    for circle in circles.into_iter().flatten() {
        let (name, sentence) = (
            words::field(circle, "name"),
            words::field(circle, "sentence"),
        );
        let name = if name.is_empty() {
            "A circle you are joining".to_owned()
        } else {
            name
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "{}  {name}",
            words::short(&words::field(circle, "id"))
        );
        if !sentence.is_empty() {
            let _ = writeln!(text, "          {sentence}");
        }
    }
    let message = if text.is_empty() {
        "No circle yet. `circlet new NAME` starts one; `circlet join` comes into one you were \
         invited to."
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
