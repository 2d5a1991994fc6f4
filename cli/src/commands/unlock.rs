//! `circlet unlock`: opens a home that was locked.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::words;
use circlet_node::client;
use std::path::PathBuf;

/// Open Circlet again after `circlet lock`
///
/// It asks for your passphrase, or reads it with `--passphrase-file`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Open it with the 24 words in this file instead of the passphrase
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    words_file: Option<PathBuf>,
}

/// Unlocks the node.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    context.run_folder()?;
    let json = client::unlock(&context.home, || context.key(args.words_file.as_deref())).await?;
    Ok(Done {
        message: words::field(&json, "sentence"),
        json,
        ..Done::default()
    })
}
