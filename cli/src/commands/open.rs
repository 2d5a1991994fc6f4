//! `circlet open`: the page in the browser.

use super::start;
use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::words;
use circlet_node::client;
use serde_json::json;
use std::io::IsTerminal;
use std::process::Stdio;
use tokio::process::Command;

/// What opens an address in the browser that a person has chosen.
#[cfg(target_os = "macos")]
const BROWSER: &str = "open";
/// What opens an address in the browser that a person has chosen.
#[cfg(not(target_os = "macos"))]
const BROWSER: &str = "xdg-open";

/// Open Circlet's page in the browser
///
/// Starts Circlet if it isn't running. Where it is locked, the page asks for the passphrase. The page is
/// served by this computer to this computer alone; its link works once, within a minute.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Print the link instead
    #[arg(long)]
    no_browser: bool,
}

/// Opens the page, or prints its link.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    match client::probe(&context.home).await? {
        None => start::for_page(context).await?,
        Some(probe) if probe.locked && context.is_set_up() && opens_here(context)? => {
            client::unlock(&context.home, || context.key(None)).await?;
        }
        Some(_) => {}
    }
    let json = client::page(&context.home).await?;
    let url = words::field(&json, "url");
    let opened = !args.no_browser && browse(&url).await;
    let (text, message) = if opened {
        (String::new(), "Circlet is open in your browser.")
    } else if args.no_browser {
        (url.clone(), "This link works once, within a minute.")
    } else {
        (
            url.clone(),
            "No browser could be opened from here. Open this link yourself: it works once, within a minute.",
        )
    };
    Ok(Done {
        json: json!({ "url": url, "opened": opened }),
        text,
        message: message.to_owned(),
        ..Done::default()
    })
}

/// Says whether what opens the home is given here, or nothing is needed: else the page asks for it.
fn opens_here(context: &Context) -> Result<bool> {
    Ok(context.gives_passphrase() || !context.needs_passphrase()?)
}

/// Says whether somebody sits at a desktop of this computer, and would see a page that opens.
pub(crate) fn has_desktop(context: &Context) -> bool {
    let named = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let screen = cfg!(target_os = "macos") || named("DISPLAY") || named("WAYLAND_DISPLAY");
    let global = &context.global;
    let at_it = std::io::stdout().is_terminal() && !named("SSH_CONNECTION");
    screen && at_it && !global.json && !global.plain && !global.no_input
}

/// Opens an address in the browser; says whether something did.
async fn browse(url: &str) -> bool {
    let mut browser = Command::new(BROWSER);
    browser.arg(url);
    browser
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    browser.status().await.is_ok_and(|status| status.success())
}
