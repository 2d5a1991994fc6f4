//! Everything without script: forms, links and what the browser itself does.

use super::chromium::Chromium;
use super::{PROGRAM, ana, link};
use circlet_tests::nodes::Computer;
use serde_json::json;

/// Returns a browser that runs no script of any page.
fn without_script() -> Chromium {
    let page = Chromium::start();
    let off = json!({ "value": true });
    page.tells("Emulation.setScriptExecutionDisabled", &off);
    page
}

#[test]
fn everything_works_without_script() {
    let ana = ana();
    let page = without_script();
    page.goto(&link(&ana));
    page.follows("Invite");
    page.sends();
    page.says("Your invite");
    let key = page.text_of("key");

    let mut bo = Computer::bare(PROGRAM);
    bo.start_bare();
    let theirs = without_script();
    theirs.goto(&link(&bo));
    theirs.types("name", "Bo");
    theirs.sends();
    theirs.click("#keep-here");
    theirs.sends();
    theirs.follows("I have an invite");
    theirs.types("key", &key);
    theirs.sends();
    theirs.comes_to_say("Up to date with everyone");

    page.follows("Share");
    page.types("text", "Without a script.");
    page.types("note", "quiet things");
    page.sends();
    page.says("Content note: quiet things");
    theirs.comes_to_say("Content note: quiet things");
    assert!(!theirs.text().contains("Without a script."));
    theirs.click("summary");
    theirs.says("Without a script.");
    theirs.follows("Respond to Ana");
    theirs.types("text", "Nor I.");
    theirs.sends();
    theirs.says("Ana asked for listening only.");
    theirs.click("#asked button[value=thank-you]");
    theirs.says("You thanked Ana for sharing.");
    theirs.click("form[action$=respond] button");
    theirs.says("What was answered");
    theirs.says("Nor I.");

    page.follows("See what was answered");
    page.comes_to_say("Nor I.");
    page.follows("Take this story back");
    page.sends();
    page.says("Gone from");
    theirs.follows("Stories");
    theirs.comes_to_say("Nothing here yet");

    page.click("#leave button");
    page.says("This page is closed");
    page.back();
    page.says("This page is closed");
}
