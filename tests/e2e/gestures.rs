//! Gestures, with real nodes: the author reads who says what, the maker what they said, and nobody else
//! anything.

use super::{arrives, computer, two};
use circlet_tests::nodes::{Computer, text, together, until};
use serde_json::{Value, json};

/// Returns the sentences of a story as a computer shows them.
fn sentences(computer: &Computer, story: &str) -> Vec<String> {
    let read = computer.data(&["read", story]);
    let lines = read["stories"][0]["gestures"].as_array().unwrap();
    lines.iter().map(|line| text(line, "sentence")).collect()
}

#[track_caller]
fn reads(computer: &Computer, story: &str, expected: &[&str]) {
    until("the gestures are as they should be", || {
        let now = sentences(computer, story);
        (now == expected).then_some(()).ok_or(now.join(" "))
    });
}

#[test]
fn the_author_alone_reads_who_says_what() {
    let (ana, bo) = two();
    let mut cai = computer("Cai");
    cai.start();
    cai.data_from(&text(&ana.data(&["invite"]), "key"), &["join", "-"]);
    together(&[&ana, &bo, &cai], &["Ana", "Bo", "Cai"]);
    let story = ana.share("A long week.");
    for computer in [&bo, &cai] {
        arrives(computer, &story);
    }
    let made = bo.data(&["gesture", &story[..8], "with-you"]);
    let expected = json!({
        "id": story,
        "gesture": "with-you",
        "sentence": "You are with Ana. Only Ana can read it.",
    });
    assert_eq!(made, expected);
    reads(&ana, &story, &["Bo is with you."]);
    cai.data(&["gesture", &story, "with-you"]);
    cai.data(&["gesture", &story, "with-you"]);
    cai.data(&["gesture", &story, "thank-you"]);
    let both = "Bo and Cai are with you.";
    reads(&ana, &story, &[both, "Cai thanks you for sharing."]);
    let first = &ana.data(&["read", &story])["stories"][0]["gestures"][0];
    let names: &Value = &first["names"];
    assert_eq!(
        (names, &first["mine"]),
        (&json!(["Bo", "Cai"]), &json!(false))
    );
    together(&[&ana, &bo, &cai], &["Ana", "Bo", "Cai"]);
    assert_eq!(
        sentences(&bo, &story),
        ["You are with Ana. Only Ana can read it."]
    );
    cai.data(&["gesture", &story, "with-you", "--take-back"]);
    reads(
        &ana,
        &story,
        &["Bo is with you.", "Cai thanks you for sharing."],
    );
    assert_eq!(ana.refused("", &["gesture", &story, "with-you"]).exit, 1);
    assert_eq!(bo.refused("", &["gesture", "ffffffff", "with-you"]).exit, 6);
    assert_eq!(bo.refused("", &["gesture", &story, "a-heart"]).exit, 2);
}
