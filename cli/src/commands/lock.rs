//! `circlet lock`: closes the circles and drops every key, while the node stays.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::words;
use circlet_node::client;
use circlet_node::keystore::Keystore;
use serde_json::{Value, json};
use std::time::Duration;

/// Lock Circlet on this computer, without stopping it
///
/// Every key leaves the memory, and nothing is shown, sent or fetched until `circlet unlock`. Whoever
/// uses this account then needs your passphrase or your 24 words. In a home without a passphrase anybody
/// at this account can unlock it.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Lock by itself after so long without a command, such as 15m; `never` = only when told. Locks nothing now
    #[arg(long, value_name = "LENGTH", value_parser = after)]
    after: Option<After>,
}

/// After how much silence.
#[derive(Clone, Copy, Debug)]
struct After(Option<Duration>);

/// Locks, or says when to.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let json = match args.after {
        Some(After(after)) => {
            client::set_silence(&context.home, after, || context.passphrase_for_node()).await?
        }
        None => lock(context).await?,
    };
    Ok(Done {
        message: words::field(&json, "sentence"),
        json,
        ..Done::default()
    })
}

async fn lock(context: &Context) -> Result<Value> {
    context.run_folder()?;
    if let Some(json) = client::lock(&context.home).await? {
        context.name_drafts();
        return Ok(json);
    }
    let passphrase =
        Keystore::needs_passphrase(&context.home).map_err(circlet_node::problem::Problem::from)?;
    context.name_drafts();
    let sentence = if passphrase {
        "Circlet isn't running, so nothing is open. It starts and opens with your passphrase only."
    } else {
        "Circlet isn't running, so nothing is open. But there is no passphrase: whoever uses this account \
         can open it. `circlet passphrase` sets one."
    };
    Ok(json!({ "locked": passphrase, "passphrase": passphrase, "sentence": sentence }))
}

fn after(text: &str) -> std::result::Result<After, String> {
    if text == "never" {
        return Ok(After(None));
    }
    let seconds = words::parse_length(text).map_err(|wrong| format!("{wrong}, or never"))?;
    if seconds > LONGEST {
        return Err("the longest is 30d; write never for more".to_owned());
    }
    Ok(After(Some(Duration::from_secs(seconds))))
}

/// The longest silence: 30 days.
const LONGEST: u64 = 30 * 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_a_length_or_never() {
        assert_eq!(after("15m").unwrap().0, Some(Duration::from_mins(15)));
        assert_eq!(after("30d").unwrap().0, Some(Duration::from_secs(LONGEST)));
        assert_eq!(after("never").unwrap().0, None);
        for wrong in ["", "0m", "31d", "Never", "15", "soon"] {
            assert!(after(wrong).is_err(), "{wrong}");
        }
    }
}
