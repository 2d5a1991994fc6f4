//! `circlet stop`: ends the node.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use circlet_node::client;
use serde_json::json;

/// Stop Circlet on this computer
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

/// Asks the node to end, and waits until it has.
pub(crate) async fn run(_: &Args, context: &Context) -> Result<Done> {
    let ran = client::stop(&context.home).await?;
    let message = if ran {
        "Circlet has stopped. Everything is kept; `circlet start` brings it back."
    } else {
        "Circlet isn't running on this computer."
    };
    Ok(Done {
        json: json!({ "stopped": ran }),
        message: message.to_owned(),
        ..Done::default()
    })
}
