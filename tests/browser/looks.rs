//! How every screen looks: pictures for people, in `target/screenshots`, at four widths and in both schemes.

use super::chromium::Chromium;
use super::{PROGRAM, ana, link};
use circlet_tests::nodes::{Computer, text};

#[test]
fn the_first_run_has_its_pictures() {
    let mut ana = Computer::bare(PROGRAM);
    ana.start_bare();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.pictures("01-name");
    page.types("name", "\u{a0}");
    page.sends();
    page.says("A name has at least one letter");
    page.pictures("02-name-trouble");
    page.types("name", "Ana");
    page.sends();
    page.says("Step 2 of 3");
    page.pictures("03-key");
    page.click("#keep-here");
    page.sends();
    page.says("Step 3 of 3");
    page.pictures("04-begin");
    page.follows("I have an invite");
    page.types("key", "3ZRD-");
    page.sends();
    page.pictures("05-join-trouble");
    page.follows("Not now");
    page.follows("Start a circle");
    page.pictures("06-new");
    page.types("name", "Tuesday");
    page.sends();
    page.says("Keep these");
    page.pictures("07-agreement-begin");
    page.sends();
    page.says("You are the only one here so far");
    page.follows("Members");
    page.follows("Our agreement");
    page.pictures("08-agreement");
    page.follows("Change it");
    page.pictures("09-agreement-change");
}

#[test]
fn a_circle_has_its_pictures() {
    let ana = ana();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.pictures("10-feed-empty");
    let mut bo = Computer::of(PROGRAM, "Bo");
    bo.start();
    let key = text(&ana.data(&["invite"]), "key");
    bo.data_from(&key, &["join", "-"]);
    page.comes_to_say("Up to date with everyone");
    bo.share(
        "The evenings are the hardest. I made tea, sat by the window and counted the lights across the \
         street until it passed.\n\nThank you for being here.",
    );
    page.comes_to_say("The evenings");
    page.follows("Share");
    page.pictures("11-share");
    page.types(
        "text",
        "I called my sister today. We had not talked since March.",
    );
    page.types("note", "grief");
    page.click("#ask-ideas");
    page.sends();
    page.says("Content note: grief");
    page.pictures("12-feed");
    page.follows("Respond to Bo");
    page.types("text", "I know those evenings.");
    page.sends();
    page.says("I know those evenings.");
    page.pictures("13-story");
    page.follows("Stories");
    page.follows("See what was answered");
    page.pictures("14-own-story");
    page.follows("Take this story back");
    page.pictures("15-take-back");
    page.sends();
    page.says("Gone from");
    page.pictures("16-gone");
    around_the_stories(&page);
}

/// Takes the pictures of everything but stories, from a screen of the circle on.
fn around_the_stories(page: &Chromium) {
    page.follows("Members");
    page.pictures("17-members");
    page.follows("Bo");
    page.pictures("17-one-member");
    page.follows("All members");
    page.follows("Invite");
    page.pictures("18-invite");
    page.sends();
    page.says("Your invite");
    page.pictures("19-invite-key");
    page.follows("All invites");
    page.pictures("20-invites");
    page.follows("Circles");
    page.pictures("21-circles");
    page.follows("Your recovery words");
    page.sends();
    assert!(!page.text_of("words").is_empty());
    page.pictures("21-words");
    page.follows("Done");
    page.goto(&format!("{}nothing", page.url()));
    page.pictures("22-problem");
    page.click("#leave button");
    page.says("This page is closed");
    page.pictures("23-closed");
}
