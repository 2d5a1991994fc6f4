//! `circlet settings`: what the circle has settled for all.

use super::share::Stay;
use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::words;
use circlet_node::api::settings::NewSettings;
use clap::ValueEnum;
use serde_json::Value;

/// Show what your circle has settled, or change it
///
/// Keepers change it. It holds for what is shared from then on; whoever shares a story can still say
/// otherwise with `circlet share --fade`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How long stories stay with the circle
    #[arg(long, value_enum, value_name = "TIME")]
    fade: Option<Stay>,
    /// Whether a quiet line says who took a story back
    #[arg(long, value_enum, value_name = "HOW")]
    taken_back: Option<Gap>,
}

/// What shows where a story was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Gap {
    /// Nothing
    Silent,
    /// A quiet line
    Say,
}

/// Shows or changes the settings.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let change = NewSettings {
        fade: args.fade.map(Stay::days),
        tells: args.taken_back.map(|gap| gap == Gap::Say),
    };
    let changes = change.fade.is_some() || change.tells.is_some();
    let json = if changes {
        context.post("/v1/settings", &change).await?
    } else {
        context.get_of_circle("/v1/settings", &[]).await?
    };
    let message = if changes {
        "It is settled so, for what is shared from now on."
    } else {
        ""
    };
    Ok(Done {
        text: page(&json),
        json,
        message: message.to_owned(),
        ..Done::default()
    })
}

fn page(json: &Value) -> String {
    let stays = match json.get("fade").and_then(Value::as_u64) {
        None => "Stories stay until they are taken back.".to_owned(),
        Some(1) => "Stories fade after a day, unless whoever shares one says otherwise.".to_owned(),
        Some(days) => {
            format!("Stories fade after {days} days, unless whoever shares one says otherwise.")
        }
    };
    let tells = json.get("tells").and_then(Value::as_bool) == Some(true);
    let gap = if tells {
        "Where a story was taken back, a quiet line says who did."
    } else {
        "Where a story was taken back, nothing shows."
    };
    format!("{}\n  {stays}\n  {gap}\n", words::field(json, "name"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_settled_is_said_in_two_lines() {
        let settled = json!({ "name": "Tuesday", "fade": 30, "tells": true });
        assert_eq!(
            page(&settled),
            "Tuesday\n  Stories fade after 30 days, unless whoever shares one says otherwise.\n  \
             Where a story was taken back, a quiet line says who did.\n"
        );
        assert!(page(&json!({ "name": "", "fade": null, "tells": false })).contains("stay until"));
    }
}
