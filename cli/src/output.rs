//! The only printer: what a command found goes to stdout, what it has to say to stderr.
//!
//! With `--json` there is exactly one line on stdout: `{"v":1,"data":…}`, or
//! `{"v":1,"error":{"code","message","next"}}` beside an exit code other than zero. What goes wrong after
//! that line stands on stderr in the same form. `--help` and `--version` are for people, and are plain
//! text with `--json` too.

use crate::error::Failure;
use serde::Serialize;
use serde_json::Value;
use std::io::{IsTerminal, Write};

/// The version of the JSON shape.
const JSON_VERSION: u8 = 1;

/// What a command has to show.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Done {
    /// Whether all of it was printed already.
    pub(crate) told: bool,
    /// For scripts.
    pub(crate) json: Value,
    /// For stdout: what was asked for.
    pub(crate) text: String,
    /// For stdout after that, as it is; only ever made by ourselves.
    pub(crate) picture: String,
    /// For stderr: what happened, what to do next.
    pub(crate) message: String,
}

/// The one line of `--json`, with its fields in this order.
#[derive(Serialize)]
struct Versioned<'a> {
    v: u8,
    #[serde(flatten)]
    line: &'a Line<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Line<'a> {
    Data(&'a Value),
    Error(&'a Failure),
}

/// How to print.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Printer {
    /// One line of JSON.
    pub(crate) json: bool,
    /// No colours, nothing redrawn.
    pub(crate) plain: bool,
}

impl Printer {
    /// Returns how to print here: plain where stdout is no terminal, or where it was asked for.
    pub(crate) fn new(json: bool, plain: bool) -> Self {
        let wanted = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let plain = plain
            || dumb
            || wanted("CIRCLET_PLAIN")
            || wanted("NO_COLOR")
            || !std::io::stdout().is_terminal();
        Self { json, plain }
    }

    /// Prints what came of a command.
    pub(crate) fn done(self, done: &Done) {
        if done.told {
            return;
        }
        if self.json {
            out(&line_of(&Line::Data(&done.json)));
            return;
        }
        if !done.text.is_empty() {
            out(&clean(&done.text));
        }
        if !done.picture.is_empty() {
            out(&done.picture);
        }
        self.say(&done.message);
    }

    /// Prints why nothing came of a command.
    pub(crate) fn failed(self, failure: &Failure) {
        if self.json {
            let line = line_of(&Line::Error(failure));
            if failure.late {
                // A closed stderr leaves nobody to tell.
                let _ = writeln!(std::io::stderr().lock(), "{line}");
            } else {
                out(&line);
            }
            return;
        }
        self.say(&failure.message);
        self.say(&failure.next);
    }

    /// Says something on stderr meanwhile; nothing with `--json`.
    pub(crate) fn say(self, message: &str) {
        if !self.json && !message.is_empty() {
            let mut stderr = std::io::stderr().lock();
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(stderr, "{}", clean(message).trim_end());
        }
    }
}

/// Returns text that is safe to show: what others wrote cannot move the cursor, colour the screen or
/// turn the direction of what follows.
pub(crate) fn clean(text: &str) -> String {
    text.chars()
        .filter(|&c| c != '\r')
        .map(|c| match c {
            '\n' | '\t' => c,
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}

fn line_of(line: &Line<'_>) -> String {
    let line = Versioned {
        v: JSON_VERSION,
        line,
    };
    // Texts, numbers and lists always have a JSON form.
    serde_json::to_string(&line).unwrap_or_default()
}

fn out(text: &str) {
    let mut stdout = std::io::stdout().lock();
    // Whoever closed the pipe has read enough.
    let _ = writeln!(stdout, "{}", text.trim_end_matches('\n')).and_then(|()| stdout.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_steer_the_terminal() {
        assert_eq!(
            clean("a\u{1b}[2Jb\r\nc\u{202e}d\te\u{9b}"),
            "a\u{fffd}[2Jb\nc\u{fffd}d\te\u{fffd}"
        );
    }
}
