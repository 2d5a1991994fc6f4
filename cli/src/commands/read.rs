//! `circlet read`: reads what was shared.

use crate::context::Context;
use crate::error::Result;
use crate::output::Done;
use crate::words;
use serde_json::Value;
use std::fmt::Write;

/// Read what was shared, the newest first
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A story's id, or its first characters; nothing = the newest 20
    id: Option<String>,
    /// Read everything
    #[arg(long, conflicts_with = "id")]
    all: bool,
}

/// Shows the stories.
pub(crate) async fn run(args: &Args, context: &Context) -> Result<Done> {
    let json = match &args.id {
        Some(id) => {
            let path = format!("/v1/stories/{}", words::plain_id(id)?);
            context.get_of_circle(&path, &[]).await?
        }
        None if args.all => {
            context
                .get_of_circle("/v1/stories", &[("all", "true")])
                .await?
        }
        None => context.get_of_circle("/v1/stories", &[]).await?,
    };
    let mut text = String::new();
    let stories = list(&json, "stories");
    let gaps = list(&json, "gaps");
    let since = json.get("since").and_then(Value::as_u64);
    let since = since.and_then(|since| usize::try_from(since).ok());
    for above in 0..=stories.len() {
        if since == Some(above) && above < stories.len() {
            write_line("Earlier", &mut text);
        } else if since.is_some() && above == 0 {
            write_line("Since you were last here", &mut text);
        }
        for gap in gaps.iter().filter(|gap| stands_after(gap, above)) {
            write_gap(gap, &mut text);
        }
        if let Some(story) = stories.get(above) {
            write_story(story, &mut text);
        }
    }
    let message = if text.is_empty() {
        "Nothing here yet. You could be first, or just be here. `circlet share` shares a story."
            .to_owned()
    } else {
        reached(&json)
    };
    Ok(Done {
        json,
        text,
        message,
        ..Done::default()
    })
}

/// Says who is known to have a story of one's own; nothing, where that is nobody.
fn reached(json: &Value) -> String {
    let names = |which| {
        json.get("reached")
            .map_or_else(Vec::new, |reached| words::list(reached, which))
    };
    match (names("by").as_slice(), names("unknown").as_slice()) {
        ([], _) => String::new(),
        (by, []) => format!(
            "It has reached everyone who can read it: {}.",
            words::names(by)
        ),
        (by, _) => format!(
            "It has reached {}. Whoever does not have it yet gets it when their computer is next in \
             touch.",
            words::names(by)
        ),
    }
}

/// Writes a line between stories. Writing to a string does not fail.
fn write_line(line: &str, text: &mut String) {
    let gap = if text.is_empty() { "" } else { "\n" };
    let _ = writeln!(text, "{gap}-- {line}");
}

fn list<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    let list = json.get(name).and_then(Value::as_array);
    list.map(Vec::as_slice).unwrap_or_default()
}

/// Whether a quiet line stands below so many stories.
fn stands_after(gap: &Value, above: usize) -> bool {
    let after = gap.get("after").and_then(Value::as_u64);
    after.is_some_and(|after| usize::try_from(after) == Ok(above))
}

/// Writes the quiet line where a story was taken back. Writing to a string does not fail.
fn write_gap(gap: &Value, text: &mut String) {
    if !text.is_empty() {
        text.push('\n');
    }
    let _ = writeln!(text, "          {}", words::field(gap, "sentence"));
}

/// Writes one story with its responses. Writing to a string does not fail.
fn write_story(story: &Value, text: &mut String) {
    if !text.is_empty() {
        text.push('\n');
    }
    let id = words::field(story, "id");
    let _ = writeln!(text, "{}  {}", words::short(&id), who_and_when(story));
    let _ = writeln!(text, "    {}", wish(&words::field(story, "ask")));
    let note = words::field(story, "note");
    if !note.is_empty() {
        let _ = writeln!(text, "    About: {}", note.replace('\n', " "));
    }
    let fades = words::field(story, "fades");
    if !fades.is_empty() {
        let _ = writeln!(text, "    Stays until {}.", words::day(&fades));
    }
    let _ = writeln!(text, "\n{}", indented(&words::field(story, "text"), "    "));
    let gestures = list(story, "gestures");
    if !gestures.is_empty() {
        text.push('\n');
    }
    for gesture in gestures {
        let _ = writeln!(text, "    {}", words::field(gesture, "sentence"));
    }
    for response in story
        .get("responses")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let said = indented(&words::field(response, "text"), "        ");
        let id = words::field(response, "id");
        let (id, who) = (words::short(&id), who_and_when(response));
        let _ = writeln!(text, "\n      {id}  {who}\n{said}");
    }
}

fn who_and_when(line: &Value) -> String {
    let author = words::field(line, "author");
    let mut told = match words::field(line, "written").as_str() {
        "" => author,
        written => format!("{author}, {}", words::day(written)),
    };
    if line.get("edited").and_then(Value::as_bool) == Some(true) {
        told.push_str(" (edited)");
    }
    told
}

fn wish(ask: &str) -> &'static str {
    match ask {
        "experience" => "Would like to hear how it went for others.",
        "ideas" => "Ideas are welcome.",
        "ask-first" => "Ask before you answer.",
        _ => "For listening only.",
    }
}

fn indented(text: &str, by: &str) -> String {
    text.lines()
        .map(|line| format!("{by}{line}"))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_said_who_is_known_to_have_a_story() {
        let said = |by: &[&str], unknown: &[&str]| {
            reached(&json!({ "reached": { "by": by, "unknown": unknown } }))
        };
        assert_eq!(
            said(&["Bo", "Cai"], &[]),
            "It has reached everyone who can read it: Bo and Cai."
        );
        assert!(said(&["Bo"], &["Cai"]).starts_with("It has reached Bo. Whoever"));
        assert_eq!(said(&[], &["Bo"]), "");
        assert_eq!(reached(&json!({ "reached": null })), "");
    }

    #[test]
    fn a_story_is_shown_whole_with_what_was_answered() {
        let story = json!({
            "id": "0123456789abcdef0123456789abcdef", "author": "Ana", "text": "One.\nTwo.",
            "ask": "ideas", "note": "grief", "edited": true,
            "gestures": [{ "gesture": "with-you", "sentence": "Mo and Bo are with you." }],
            "responses": [{ "id": "fedcba98765432100123456789abcdef", "author": "Bo", "text": "With you." }],
        });
        let mut text = String::new();
        write_story(&story, &mut text);
        let told = "01234567  Ana (edited)\n    Ideas are welcome.\n    About: grief\n\n    One.\n    Two.\n\n    Mo and Bo are with you.\n\n      \
                    fedcba98  Bo\n        With you.\n";
        assert_eq!(text, told);
    }

    #[test]
    fn a_quiet_line_stands_where_the_story_was() {
        let gap = json!({ "after": 1, "sentence": "Ana took a story back." });
        assert!(stands_after(&gap, 1) && !stands_after(&gap, 0));
        let mut text = String::from("above\n");
        write_gap(&gap, &mut text);
        assert_eq!(text, "above\n\n          Ana took a story back.\n");
    }
}
