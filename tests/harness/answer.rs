//! What commands answer with `--json`: the one line, what stands in it, and why something was refused.

use serde_json::Value;
use std::process::Output;

/// What a command said under `error`, with its exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The exit code.
    pub exit: i32,
    /// The stable word.
    pub code: String,
    /// What happened.
    pub message: String,
    /// What to do next.
    pub next: String,
}

/// Returns the names of the members that `status` lists, in alphabetical order.
pub fn members(circle: &Value) -> Vec<String> {
    let mut names: Vec<_> = list(circle, "members")
        .iter()
        .map(|it| text(it, "name"))
        .collect();
    names.sort();
    names
}

/// Returns a list inside an answer; empty if there is none.
pub fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().map_or(&[], Vec::as_slice)
}

/// Returns a text inside an answer; empty if there is none.
pub fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// Reads the one line that a command may print on stdout with `--json`.
#[track_caller]
pub fn one_line(output: &Output) -> Value {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{output:?}");
    assert!(text.ends_with('\n'), "{output:?}");
    let value: Value = serde_json::from_str(text).unwrap();
    assert_eq!(value["v"], 1, "{text}");
    let fields = value.as_object().unwrap().len();
    assert_eq!(fields, 2, "{text}");
    value
}

/// Reads what a command printed that did not end well.
#[track_caller]
pub fn refusal(output: &Output) -> Refused {
    let error = one_line(output)["error"].clone();
    assert_eq!(
        error.as_object().map(serde_json::Map::len),
        Some(3),
        "{output:?}"
    );
    let refused = Refused {
        exit: output.status.code().unwrap(),
        code: text(&error, "code"),
        message: text(&error, "message"),
        next: text(&error, "next"),
    };
    assert_ne!(refused.exit, 0);
    assert!(
        !refused.code.is_empty() && error["next"].is_string(),
        "{error}"
    );
    assert!(refused.message.ends_with(['.', '?']), "{error}");
    refused
}
