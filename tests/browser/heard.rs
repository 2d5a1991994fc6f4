//! What a screen reader is told: the names, the roles and the live regions that the browser makes of a screen.

use super::chromium::Chromium;
use super::{ana, joins, link};
use serde_json::{Value, json};

/// What has to have a name: without one, a screen reader says "button".
const NAMED: [&str; 11] = [
    "article",
    "button",
    "checkbox",
    "combobox",
    "DisclosureTriangle",
    "heading",
    "link",
    "navigation",
    "radio",
    "region",
    "textbox",
];

/// What says itself when it changes.
const LIVE: [&str; 2] = ["status", "alert"];

impl Chromium {
    /// Returns what is told, in its order: a role and a name in each line, and whether it says itself.
    #[track_caller]
    fn tells_of(&self) -> Vec<String> {
        self.tells("Accessibility.enable", &json!({}));
        let tree = self.tells("Accessibility.getFullAXTree", &json!({}));
        let all = tree["nodes"].as_array().unwrap();
        let root = all.iter().find(|node| node["parentId"].is_null()).unwrap();
        let mut lines = Vec::new();
        walk(all, root, &mut lines);
        lines
    }

    /// Fails unless these are told, one after the other; others may be between them.
    #[track_caller]
    fn is_heard(&self, expected: &[&str]) {
        let told = self.tells_of();
        let mut lines = told.iter();
        for line in expected {
            assert!(
                lines.any(|told| told == line),
                "{line:?} is not in {told:#?}"
            );
        }
        for line in &told {
            let (role, name) = line.split_once(':').unwrap();
            let named = !name.is_empty() && !name.starts_with(" (");
            assert!(named || !NAMED.contains(&role), "{line} in {told:#?}");
        }
    }
}

fn walk(all: &[Value], node: &Value, lines: &mut Vec<String>) {
    let role = node["role"]["value"].as_str().unwrap_or_default();
    let told = NAMED.contains(&role)
        || LIVE.contains(&role)
        || ["banner", "main", "contentinfo", "form", "group", "time"].contains(&role);
    if node["ignored"] != true && told {
        let name = node["name"]["value"].as_str().unwrap_or_default();
        let name = name.replace(['\u{2068}', '\u{2069}'], "");
        let line = format!("{role}: {name}").trim_end().to_owned();
        lines.push(line + &properties(node));
    }
    for id in node["childIds"].as_array().into_iter().flatten() {
        let child = all.iter().find(|node| node["nodeId"] == *id).unwrap();
        walk(all, child, lines);
    }
}

/// Returns what else is told of something: its level, whether it says itself, whether it is not right yet.
fn properties(node: &Value) -> String {
    let all = node["properties"].as_array().cloned().unwrap_or_default();
    let told = all.iter().filter_map(|property| {
        let (name, value) = (property["name"].as_str()?, &property["value"]["value"]);
        match name {
            "level" => Some(format!(" ({value})")),
            "live" => Some(format!(" ({})", value.as_str()?)),
            "invalid" if value != "false" => Some(" (to mend)".to_owned()),
            _ => None,
        }
    });
    told.collect()
}

#[test]
fn the_feed_and_a_story_are_told_as_they_are_seen() {
    let ana = ana();
    let bo = joins(&ana, "Bo");
    let note = bo.file("note", "grief");
    bo.data_from(
        "Behind a note.",
        &["share", "--ask", "ideas", "--note-file", &note, "-"],
    );
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.comes_to_say("Content note: grief");
    page.is_heard(&[
        "link: Skip to the content",
        "banner:",
        "link: Tuesday circle",
        "button: Leave quickly",
        "navigation: This circle",
        "link: Stories",
        "link: Share",
        "link: Members",
        "link: Invite",
        "link: Circles",
        "main:",
        "heading: Stories (1)",
        "status: (polite)",
        "article: Bo's story",
        "heading: Bo's story (2)",
        "DisclosureTriangle: Read it now",
        "link: Respond to Bo",
        "contentinfo:",
        "status: (polite)",
        "form: Language",
        "button: Deutsch",
    ]);
    a_story_is_heard(&page);
}

/// Goes from the feed to Bo's story, and answers it.
#[track_caller]
fn a_story_is_heard(page: &Chromium) {
    page.follows("Respond to Bo");
    page.types("text", "\u{a0}");
    page.sends();
    page.says("There is no text yet");
    page.is_heard(&[
        "article: Bo's story",
        "heading: Bo's story (1)",
        "region: What was answered",
        "heading: What was answered (2)",
        "status: (polite)",
        "region: Respond to Bo",
        "heading: Respond to Bo (2)",
        "alert: (assertive)",
        "textbox: An idea, or how it was for you (to mend)",
        "button: Send",
    ]);
    page.types("text", "I am here.");
    page.sends();
    page.says("I am here.");
    page.is_heard(&[
        "heading: Bo's story (1)",
        "region: What was answered",
        "article: You",
        "heading: You (3)",
        "link: Change this",
        "link: Take this back",
        "textbox: An idea, or how it was for you",
    ]);
}

#[test]
fn the_forms_are_told_with_their_labels() {
    let ana = ana();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.follows("Share");
    page.is_heard(&[
        "heading: Share a story (1)",
        "textbox: Your words",
        "group: What would help?",
        "radio: Listening, no advice",
        "radio: How it was for others",
        "radio: Ideas are welcome",
        "radio: Ask me first",
        "textbox: A content note, if one would help",
        "combobox: When does it fade?",
        "button: Share with the circle",
        "link: Not now",
    ]);
    page.follows("Invite");
    page.is_heard(&[
        "group: How many people is it for?",
        "combobox: How long does it work?",
        "combobox: What may they read from before they came?",
        "checkbox: A member says welcome before they are in",
        "button: Make the invite",
    ]);
}
