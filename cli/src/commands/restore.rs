//! `circlet restore`: brings a person back on a fresh computer, by their 24 words.

use super::setup;
use crate::context::Context;
use crate::error::{Failure, Result};
use crate::output::Done;
use crate::{paper, text, words};
use circlet_model::invitation::keys_in;
use circlet_model::words as recovery;
use circlet_node::api::devices::NewReturn;
use circlet_node::api::words::explain;
use circlet_node::identity;
use circlet_node::keystore::{Cost, Passphrase};
use circlet_node::problem::Problem;
use serde_json::Value;
use std::path::PathBuf;

/// What a restored home calls its person in circles that it joins later, unless told.
const NAME: &str = "Me";

/// Come back on a new computer with your 24 words
///
/// Put the 24 words into a file, and under them the card of each circle, or a fresh invite key to it.
/// Circlet then waits until any member's computer can be reached, and brings back you and what you may
/// read. What only the lost computer had is gone.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file with your words, and with cards or invite keys
    #[arg(long, value_name = "FILE")]
    words_file: PathBuf,
    /// What circles that you join later shall call you
    #[arg(long, default_value = NAME)]
    name: String,
    /// Keep the key on this computer without a passphrase
    #[arg(long, conflicts_with = "passphrase_file")]
    no_passphrase: bool,
}

/// Sets the home up as the words say, and begins to come back to each circle.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let read = text::file(&args.words_file)?;
    let (written, keys) = paper::apart(&read);
    let seed = recovery::from_words(&written);
    let seed = seed.map_err(|error| explain(error, &written))?;
    let found = keys_in(&keys).map_err(Problem::from)?;
    if found.is_empty() {
        return Err(Failure::new(
            "no-card",
            "The words are right, but no circle card or invite key stands with them. Nothing was done.",
            "Write the card of each circle under them, or ask a member for a fresh invite key.",
        ));
    }
    if !context.is_set_up() {
        let passphrase = setup::passphrase(args.no_passphrase, context)?;
        let passphrase = passphrase.map(|words| Passphrase::from(words.as_str()));
        let cost = match passphrase {
            Some(_) => Cost::tuned().map_err(Problem::from)?,
            None => Cost::default(),
        };
        identity::restore(&context.home, &args.name, &seed, passphrase.as_ref(), cost)?;
    }
    let body = NewReturn {
        words: written.to_string(),
        keys: keys.to_string(),
    };
    let json = context.post("/v1/returns", &body).await?;
    Ok(Done {
        message: said(&json),
        json,
        ..Done::default()
    })
}

/// Returns what came of it: the same sentence only once.
fn said(json: &Value) -> String {
    let circles = json.get("circles").and_then(Value::as_array);
    let mut sentences: Vec<String> = Vec::new();
    for circle in circles.into_iter().flatten() {
        let sentence = words::field(circle, "sentence");
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    format!("These are your words. {}", sentences.join("\n"))
}
