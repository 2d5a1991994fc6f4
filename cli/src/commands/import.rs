//! `circlet import`: takes in what somebody carried here by hand.

use super::backup::whole;
use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::{progress, words};
use circlet_node::api::backups::Bundle;
use serde_json::Value;
use std::path::PathBuf;

/// Take in a file that a member wrote with `circlet export --bundle`
///
/// It is checked like everything that comes from another computer, and may be taken in as often as one
/// likes. What was taken back since stays taken back.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file
    file: PathBuf,
}

/// Takes it in.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let path = whole(&args.file)?;
    let body = Bundle { path };
    let asked = context.post("/v1/bundles/take", &body);
    let json = progress::told(context.printer, "Reading the file.", None, asked).await?;
    let circle = words::field(&json, "circle");
    let message = if json.get("new").and_then(Value::as_bool) == Some(true) {
        format!("Taken in: {circle} has what the file carried. `circlet read` shows what is new.")
    } else {
        format!("{circle} had all of it already.")
    };
    Ok(Done {
        json,
        message,
        ..Done::default()
    })
}
