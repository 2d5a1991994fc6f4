//! `circlet new`: begins a circle.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use circlet_node::api::circles::NewCircle;

/// Start a circle of your own
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What it is called; only its members see this
    name: String,
}

/// Begins the circle.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let body = NewCircle {
        name: args.name.clone(),
    };
    let json = context.post("/v1/circles", &body).await?;
    Ok(Done {
        json,
        message: format!(
            "\"{}\" is there, with you in it. `circlet invite` makes a key for somebody else.",
            args.name
        ),
        ..Done::default()
    })
}
