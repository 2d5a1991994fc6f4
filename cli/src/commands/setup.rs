//! `circlet setup`: makes the home.

use crate::context::Context;
use crate::error::{Failure, Result};
use crate::hidden;
use crate::output::Done;
use circlet_node::identity;
use circlet_node::keystore::{Cost, Passphrase};
use circlet_node::problem::Problem;
use serde_json::json;
use zeroize::Zeroizing;

/// Set Circlet up on this computer
///
/// Choose how the key to your stories is kept: behind a passphrase that you type (or read from a
/// file), or open to whoever uses this account on this computer.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What the others shall call you
    #[arg(long)]
    name: String,
    /// Keep the key on this computer without a passphrase
    #[arg(long, conflicts_with = "passphrase_file")]
    no_passphrase: bool,
}

/// Makes the home.
pub(crate) fn run(args: &Args, context: &Context) -> Result<Done> {
    // Before anything is typed.
    identity::may_set_up(&context.home)?;
    let passphrase = passphrase(args.no_passphrase, context)?;
    let passphrase = passphrase.map(|words| Passphrase::from(words.as_str()));
    let cost = match passphrase {
        Some(_) => Cost::tuned().map_err(Problem::from)?,
        None => Cost::default(),
    };
    identity::set_up(&context.home, &args.name, passphrase.as_ref(), cost)?;
    Ok(Done {
        json: json!({ "name": args.name }),
        message: format!(
            "Welcome, {}. Circlet is set up on this computer.\n\
             `circlet new NAME` starts a circle; `circlet join` comes into one you were invited to.",
            args.name
        ),
        ..Done::default()
    })
}

/// Returns the passphrase that a new home is to have; `None` = none.
pub(crate) fn passphrase(none: bool, context: &Context) -> Result<Option<Zeroizing<String>>> {
    if none {
        return Ok(None);
    }
    if context.global.passphrase_file.is_none() && !context.can_ask() {
        return Err(Failure::usage(
            "Circlet has to know how the key to your stories is kept.",
            "Add `--passphrase-file FILE`, or `--no-passphrase` to keep it on this computer alone.",
        ));
    }
    let words = context.passphrase()?;
    if words.is_empty() {
        return Err(Failure::new(
            "empty-passphrase",
            "The passphrase is empty. Nothing was set up.",
            "Choose one, or add `--no-passphrase` to go without.",
        ));
    }
    if context.global.passphrase_file.is_none() && hidden::typed("The same again: ")? != words {
        return Err(Failure::new(
            "two-passphrases",
            "The two were not the same. Nothing was set up.",
            "Try again; capital letters matter.",
        ));
    }
    Ok(Some(words))
}
