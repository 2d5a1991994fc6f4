//! The command line as members and scripts meet it: transcripts of sessions, the help of every command
//! in one file, and the demo for real.
//!
//! After a change of words, `TRYCMD=overwrite` and `INSTA_UPDATE=always` write what is said now.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, what is not as expected ends it"
)]

mod contract;
mod demo;
mod desktop;
mod editor;
mod guide;
mod typed;

use std::fmt::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Words that blame or alarm; no member is to read them.
const BLAMING: [&str; 9] = [
    "invalid", "failed", "illegal", "fatal", "abort", "kill", "oops", "user", "!",
];

/// Returns the command with nothing of this computer's own settings around it.
fn command(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_circlet"));
    command
        .env("CIRCLET_HOME", home)
        .env_remove("CIRCLET_SOCKET")
        .env_remove("CIRCLET_LOG")
        .env_remove("VISUAL")
        .env_remove("EDITOR")
        .stdin(Stdio::null());
    command
}

/// Runs `circlet` in a home that was never set up.
fn circlet(args: &[&str]) -> Output {
    let place = tempfile::tempdir().unwrap();
    command(&place.path().join("home"))
        .args(args)
        .output()
        .unwrap()
}

fn stdout(args: &[&str]) -> String {
    let output = circlet(args);
    assert!(output.status.success(), "{args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn transcripts() {
    trycmd::TestCases::new()
        .default_bin_path(env!("CARGO_BIN_EXE_circlet"))
        .env("NO_COLOR", "1")
        .env("COLUMNS", "100")
        .case("../tests/cli/*.md");
}

#[test]
fn the_help_of_every_command_is_as_it_was() {
    let mut tree = String::new();
    let mut waiting = vec![Vec::<String>::new()];
    while let Some(path) = waiting.pop() {
        let mut args = vec!["help"];
        args.extend(path.iter().map(String::as_str));
        let text = stdout(&args);
        let commands = text.split("Commands:\n").nth(1).unwrap_or_default();
        let below = commands.split("\n\n").next().unwrap_or_default().lines();
        let names = below.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
        for name in names.filter(|name| !name.is_empty()).rev() {
            waiting.push(path.iter().cloned().chain([name.to_owned()]).collect());
        }
        let title = format!("circlet {}", path.join(" "));
        writeln!(tree, "## {}\n\n{}", title.trim_end(), text).unwrap();
    }
    writeln!(
        tree,
        "## circlet help exit-codes\n\n{}",
        stdout(&["help", "exit-codes"])
    )
    .unwrap();
    for word in BLAMING {
        assert!(!tree.to_lowercase().contains(word), "{word}");
    }
    insta::assert_snapshot!("help", tree);
}

#[test]
fn a_mistake_ends_with_two_and_one_line_of_json() {
    let output = circlet(&["share", "--aks", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(answer["v"], 1);
    assert_eq!(answer["error"]["code"], "usage");
    assert!(answer["error"]["next"].is_string());
    assert_eq!(output.stderr, b"");
}
