//! What a member keeps for themselves alone: drafts that outlive a crash, muting, the crisis card.

use super::chromium::Chromium;
use super::{PROGRAM, ana, link};
use circlet_tests::nodes::{Computer, text, until};
use serde_json::json;

#[test]
fn a_crash_in_the_middle_of_typing_loses_no_draft() {
    let mut ana = ana();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.follows("Share");
    page.types("text", "I slept through two nights");
    page.says("Draft saved on this computer.");
    let typed = || page.asks("return document.getElementById('text').value");
    ana.kill();
    page.types("text", " and");
    page.says("The newest words are not saved");
    assert_eq!(typed(), "I slept through two nights and");

    ana.start();
    page.goto(&link(&ana));
    page.says("You began to write something here.");
    page.follows("Share");
    page.says("This is your draft");
    assert_eq!(typed(), "I slept through two nights");
    page.pictures("24-draft");
    page.types("text", " this week.");
    page.says("Draft saved on this computer.");
    page.follows("Drafts");
    page.says("I slept through two nights this week.");
    page.pictures("25-drafts");
    page.follows("Go on writing");
    page.types("text", " Well.");
    page.sends();
    page.says("Shared. It is safe on this computer");
    page.says("I slept through two nights this week. Well.");
    assert!(!page.text().contains("You began to write"));
    page.follows("Drafts");
    page.says("No drafts.");
    page.is_quiet();
}

#[test]
fn words_that_are_sent_while_they_are_saved_leave_no_draft() {
    let ana = ana();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.follows("Share");
    page.types("text", "Slowly.");
    // A save that takes its time: it is under way when the form is sent.
    page.asks(
        "const slowly = window.fetch; \
         window.fetch = (...asked) => { document.title = 'saving'; \
           return new Promise(done => setTimeout(() => done(slowly(...asked)), 1000)); }",
    );
    page.types("text", " Slower.");
    until("a save is under way", || {
        let title = page.asks("return document.title");
        (title == "saving").then_some(()).ok_or(title)
    });
    page.sends();
    page.says("Shared. It is safe on this computer");
    page.says("Slowly. Slower.");
    page.follows("Drafts");
    page.says("No drafts.");
    page.is_quiet();
}

#[test]
fn without_script_a_draft_is_kept_by_a_button() {
    let ana = ana();
    let page = Chromium::start();
    page.tells(
        "Emulation.setScriptExecutionDisabled",
        &json!({ "value": true }),
    );
    page.goto(&link(&ana));
    page.follows("Share");
    page.types("text", "Without a script.");
    page.click("button[formaction$='/draft']");
    page.says("Kept as a draft on this computer.");
    page.follows("Go on writing");
    page.says("This is your draft");
    page.sends();
    page.says("Shared. It is safe on this computer");
    page.says("Without a script.");
}

#[test]
fn who_is_muted_is_not_seen_until_they_are_seen_again() {
    let ana = ana();
    let page = Chromium::start();
    page.goto(&link(&ana));
    let mut bo = Computer::of(PROGRAM, "Bo");
    bo.start();
    bo.data_from(&text(&ana.data(&["invite"]), "key"), &["join", "-"]);
    page.comes_to_say("Up to date with everyone");
    bo.share("From Bo.");
    page.comes_to_say("From Bo.");
    page.follows("Members");
    page.follows("Bo");
    page.says("Bo isn't told");
    page.click("[aria-labelledby=mute] button");
    page.says("You won't see Bo's stories. Bo isn't told.");
    page.pictures("26-muted");
    page.follows("Stories");
    page.says("Nothing here yet");
    let entries = |computer: &Computer| computer.only()["entries"].clone();
    bo.share("More from Bo.");
    until("it is here", || {
        let [theirs, here] = [&bo, &ana].map(entries);
        (theirs == here).then_some(()).ok_or(here)
    });
    page.says("Up to date with everyone");
    page.again();
    page.says("Nothing here yet");
    assert!(!page.text().contains("Show Bo's new story"));
    page.follows("Members");
    page.says("You don't see what Bo shares.");
    page.follows("Bo");
    page.click("[aria-labelledby=mute] button");
    page.says("You see Bo's stories again");
    page.follows("Stories");
    page.says("More from Bo.");
    page.is_quiet();
}

#[test]
fn the_crisis_card_is_filled_in_read_and_printed() {
    let mut ana = Computer::of(PROGRAM, "Ana");
    ana.start();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.follows("Crisis card");
    page.says("No number stands here yet.");
    page.pictures("27-crisis-blank");
    page.follows("Fill in the card");
    page.types("call-1", "112");
    page.asks("document.getElementById('call-day-1').value = '2026-05-03'");
    page.types("person-1", "Mara, 020 7946 0000");
    page.types("helps", "A walk by the river.");
    page.pictures("28-crisis-form");
    page.sends();
    page.says("112 checked on 3 May 2026");
    page.says("Mara, 020 7946 0000 not checked yet");
    page.pictures("29-crisis");
    page.tells("Emulation.setEmulatedMedia", &json!({ "media": "print" }));
    let sheet = page.text();
    assert!(sheet.contains("112 checked on 3 May 2026") && sheet.contains("A walk"));
    for aside in ["Leave quickly", "Drafts", "Change the card", "locked too"] {
        assert!(!sheet.contains(aside), "{aside}: {sheet}");
    }
    page.tells("Emulation.setEmulatedMedia", &json!({ "media": "" }));
    page.is_quiet();
    page.click("#leave button");
    page.says("This page is closed");
    assert!(!page.text().contains("112"));
    page.back();
    assert!(!page.text().contains("112"));
}
