//! `circlet passphrase`: another passphrase, or none.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{hidden, text, words};
use circlet_node::client;
use circlet_node::keystore::{Keystore, Passphrase};
use circlet_node::problem::Problem;
use std::path::PathBuf;

/// Change the passphrase of this computer
///
/// Asks for the one you have and twice for the new one. Nothing that is stored is written anew: the same
/// key is wrapped by the new passphrase. A copy of Circlet's folder from before keeps opening with the old
/// one, and whoever has such a copy and the old passphrase could open a later copy, too.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Read the new passphrase from this file
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    /// Go without: whoever can use this account, or gets hold of this disk, can then read everything
    #[arg(long, conflicts_with = "new_passphrase_file")]
    no_passphrase: bool,
    /// Open with the 24 words in this file instead of the passphrase you have
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    words_file: Option<PathBuf>,
}

/// Changes the passphrase.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    context.run_folder()?;
    let asked = args.new_passphrase_file.is_none() && !args.no_passphrase;
    if asked && !context.can_ask() {
        return Err(Failure::usage(
            "Circlet has to know the new passphrase. Nothing was changed.",
            "Add `--new-passphrase-file FILE`, run this in a terminal, or go without by `--no-passphrase`.",
        ));
    }
    let needed = Keystore::needs_passphrase(&context.home).map_err(Problem::from)?;
    let key = if needed || args.words_file.is_some() {
        context.key(args.words_file.as_deref())?
    } else {
        None
    };
    if asked {
        // Nobody types a new one twice to hear that the old one was mistyped.
        Keystore::check(&context.home, key.as_ref()).map_err(Problem::from)?;
    }
    let new = new(args)?;
    let json = client::change_passphrase(&context.home, key, new).await?;
    Ok(Done {
        message: words::field(&json, "sentence"),
        json,
        ..Done::default()
    })
}

/// Returns the new passphrase; `None` = none.
fn new(args: &Args) -> Result<Option<Passphrase>> {
    if args.no_passphrase {
        return Ok(None);
    }
    let words = match &args.new_passphrase_file {
        Some(path) => text::passphrase(path)?,
        None => hidden::typed("The new passphrase: ")?,
    };
    if words.is_empty() {
        return Err(Failure::new(
            "empty-passphrase",
            "The new passphrase is empty. Nothing was changed.",
            "Choose one, or add `--no-passphrase` to go without.",
        ));
    }
    if args.new_passphrase_file.is_none() && hidden::typed("The same again: ")? != words {
        return Err(Failure::new(
            "two-passphrases",
            "The two were not the same. Nothing was changed.",
            "Try again; capital letters matter.",
        ));
    }
    Ok(Some(Passphrase::from(words.as_str())))
}
