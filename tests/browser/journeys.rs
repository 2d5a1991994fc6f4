//! What members do on the page, from the link on.

use super::chromium::{Chromium, ESCAPE};
use super::{PROGRAM, ana, link};
use circlet_tests::nodes::{Computer, text};

#[test]
fn from_a_link_to_a_story_that_somebody_else_reads_and_answers() {
    let mut ana = Computer::bare(PROGRAM);
    ana.start_bare();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.says("Step 1 of 3");
    page.types("name", "Ana");
    page.sends();
    page.says("Step 2 of 3");
    page.click("#keep-here");
    page.sends();
    page.says("Step 3 of 3");
    page.follows("Start a circle");
    page.types("name", "Tuesday circle");
    page.sends();
    page.says("Keep these");
    page.click("#proposal-4");
    page.types("text", "We are kind.");
    page.sends();
    page.says("You are the only one here so far");

    page.follows("Invite");
    page.sends();
    page.says("Your invite");
    let key = page.text_of("key");
    let mut bo = Computer::of(PROGRAM, "Bo");
    bo.start();
    let theirs = Chromium::start();
    theirs.goto(&link(&bo));
    theirs.follows("I have an invite");
    theirs.types("key", &key);
    theirs.sends();
    theirs.comes_to_say("Up to date with everyone");
    agrees(&theirs);

    page.follows("Share");
    page.types(
        "text",
        "I slept well.\n<img src=x onerror=alert(1)><script>alert(2)</script>",
    );
    page.click("#ask-experience");
    page.sends();
    page.says("Shared. It is safe on this computer");
    page.says("<script>alert(2)</script>");

    theirs.comes_to_say("I slept well.");
    theirs.says("Ana would like to hear how it was for others.");
    theirs.follows("Respond to Ana");
    theirs.says("How was it for you?");
    theirs.types("text", "It took me a year.");
    theirs.sends();
    theirs.says("It took me a year.");
    assert!(theirs.url().contains("#r-"));

    page.follows("See what was answered");
    page.comes_to_say("It took me a year.");
    let scripts = page.asks("return document.querySelectorAll('main script, main img').length");
    assert_eq!(scripts, 0);
    page.follows("Take this story back");
    page.sends();
    page.says("Gone from");
    theirs.follows("Stories");
    theirs.comes_to_say("Nothing here yet");
    page.is_quiet();
    theirs.is_quiet();
}

/// Reads the agreement as somebody who came in a moment ago, and says yes to it.
#[track_caller]
fn agrees(page: &Chromium) {
    page.comes_to_say("Read it when you have a moment.");
    page.says("You don't have to share anything.");
    page.follows("Read it");
    page.says("What is said here stays here.");
    page.says("We are kind.");
    assert!(!page.text().contains("No fixing unless asked."));
    page.sends();
    page.says("You and Ana have agreed to it as it is now.");
    page.follows("Stories");
}

#[test]
fn what_others_do_is_told_while_the_page_is_open_and_moves_nothing() {
    let ana = ana();
    ana.share("The first one.");
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.says("The first one.");
    let mut bo = Computer::of(PROGRAM, "Bo");
    bo.start();
    let invite = ana.data(&["invite", "--history", "all"]);
    bo.data_from(&text(&invite, "key"), &["join", "-"]);
    page.says("Up to date with everyone");
    let id = bo.share("The second one.");
    page.says("Show Bo's new story");
    assert!(
        !page.text().contains("The second one."),
        "it moved by itself"
    );
    page.follows("Show Bo's new story");
    page.says("The second one.");
    page.follows("Respond to Bo");
    page.types("text", "Half a sen");
    ana.data_from("Elsewhere.", &["respond", &id, "-"]);
    bo.data_from("Thank you.", &["respond", &id, "-"]);
    page.says("Show what Bo answered");
    bo.data(&["take-back", &id]);
    page.says("This was taken back, or changed since.");
    assert!(!page.text().contains("The second one."));
    let typed = page.asks("return document.getElementById('text').value");
    assert_eq!(typed, "Half a sen", "nobody's words are lost");
    page.is_quiet();
}

#[test]
fn a_gesture_is_for_its_author_alone_and_takes_the_place_of_advice() {
    let ana = ana();
    let story = ana.share("It was a long week.");
    let mut bo = Computer::of(PROGRAM, "Bo");
    bo.start();
    let invite = ana.data(&["invite", "--history", "all"]);
    bo.data_from(&text(&invite, "key"), &["join", "-"]);
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.follows("See what was answered");
    let theirs = Chromium::start();
    theirs.goto(&link(&bo));
    theirs.comes_to_say("It was a long week.");
    theirs.follows("Respond to Ana");
    theirs.says("Only Ana can read it, and nobody else is shown");
    theirs.click("#gestures button[value=with-you]");
    theirs.says("You are with Ana.");
    assert!(theirs.url().ends_with("#gestures"));

    page.says("Show what Bo says to you");
    assert!(
        !page.text().contains("Bo is with you"),
        "it moved by itself"
    );
    page.follows("Show what Bo says to you");
    page.says("Bo is with you.");

    // Words to somebody who hopes to be listened to are asked about once, and are not lost.
    theirs.types("text", "You should sleep more.");
    theirs.sends();
    theirs.says("Ana asked for listening only.");
    let words = "return document.getElementById('text').value";
    assert_eq!(theirs.asks(words), "You should sleep more.");
    theirs.click("#asked button[value=been-there]");
    theirs.says("You told Ana that you have been there.");
    theirs.says("Your words were not sent");
    assert_eq!(theirs.asks(words), "You should sleep more.");
    assert!(!page.text().contains("You should sleep more."));
    theirs.click("form[action$=respond] button");
    theirs.says("What was answered");
    assert!(theirs.url().contains("#r-"), "{}", theirs.url());
    page.says("Show what Bo answered");
    page.follows("Show what Bo answered");
    page.says("You should sleep more.");
    page.says("Bo has been there.");

    theirs.click("#gestures button[name=back][value=with-you]");
    theirs.says("You told Ana that you have been there.");
    assert!(!theirs.text().contains("You are with Ana."));
    theirs.types("text", "I mean it kindly.");
    theirs.sends();
    theirs.says("Ana asked for listening only.");
    theirs.click("#asked button[name=sure]");
    theirs.says("I mean it kindly.");
    bo.data(&["gesture", &story, "thank-you"]);
    page.says("Show what Bo answered");
    page.again();
    page.comes_to_say("Bo thanks you for sharing.");
    assert!(!page.text().contains("Bo is with you."));
    page.is_quiet();
    theirs.is_quiet();
}

#[test]
fn a_home_with_a_passphrase_asks_for_it_on_the_page() {
    let mut ana = Computer::bare(PROGRAM);
    let right = ana.file("right", "blue door over there");
    ana.data(&["setup", "--name", "Ana", "--passphrase-file", &right]);
    ana.data(&["new", "Tuesday", "--passphrase-file", &right]);
    ana.start_bare();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.says("Circlet is locked");
    assert!(!page.text().contains("Tuesday"));
    page.types("passphrase", "red door over there");
    page.sends();
    page.says("That passphrase didn't open it");
    page.types("passphrase", "blue door over there");
    page.sends();
    page.says("You are the only one here so far");
    page.click("#leave button");
    page.says("This page is closed");
    page.goto(&link(&ana));
    page.says("Circlet is locked");
    page.is_quiet();
}

#[test]
fn whoever_leaves_quickly_leaves_nothing_behind_back() {
    let ana = ana();
    ana.share("Something private.");
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.says("Something private.");
    page.follows("Members");
    page.says("Keeper");
    page.presses(ESCAPE);
    page.says("Escape twice more to leave.");
    page.presses(ESCAPE);
    page.presses(ESCAPE);
    page.says("This page is closed");
    assert_eq!(ana.data(&["lock"])["locked"], true);
    for _ in 0..3 {
        page.back();
        let text = page.text();
        assert!(
            !text.contains("private") && !text.contains("Keeper"),
            "{text}"
        );
    }
    page.goto(&link(&ana));
    page.says("Something private.");
    page.click("#leave button");
    page.says("This page is closed");
}
