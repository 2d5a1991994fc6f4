//! How every screen looks: pictures for people, in `target/screenshots`, at four widths and in both schemes.

use super::chromium::Chromium;
use super::{PROGRAM, ana, joins, link};
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
    page.sends();
    page.says("The passphrase is empty");
    page.pictures("03-key-trouble");
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
}

#[test]
fn what_is_around_the_stories_has_its_pictures() {
    let ana = ana();
    let _bo = joins(&ana, "Bo");
    let page = Chromium::start();
    page.goto(&link(&ana));
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

#[test]
fn what_does_not_fit_has_its_pictures() {
    let ana = ana();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.follows("Share");
    page.types("text", "\u{a0}");
    page.types("note", "sleep");
    page.sends();
    page.says("There is no text yet");
    page.pictures("30-share-trouble");
    page.types("text", "I slept.");
    page.sends();
    page.says("Content note: sleep");
    page.click("summary");
    page.pictures("31-feed-note-open");
    page.follows("See what was answered");
    page.types("text", "\u{a0}");
    page.sends();
    page.says("There is no text yet");
    page.pictures("32-respond-trouble");
    page.follows("Change this");
    page.pictures("33-edit");
    page.asks("document.getElementById('text').value = '\u{a0}'");
    page.sends();
    page.says("There is no text yet");
    page.pictures("34-edit-trouble");
    page.follows("Circles");
    page.follows("Your recovery words");
    page.types("written", "one two");
    page.click("section[aria-labelledby=check] button");
    page.says("There are 2 words");
    page.pictures("35-words-trouble");
    page.click("section[aria-labelledby=split] button");
    page.says("Part 3 of 3");
    page.pictures("35-words-parts");
    page.follows("Done");
    page.follows("Members");
    page.follows("Ana");
    page.follows("Leave this circle");
    page.pictures("36-leave");
}

#[test]
fn long_names_and_long_words_fit() {
    let long = "Wolfeschlegelsteinhausenbergerdorff";
    let mut ana = Computer::of(PROGRAM, "Ana");
    ana.found(&"Wolfe".repeat(12));
    let bo = joins(&ana, long);
    bo.share(&format!("{} {}", "a".repeat(300), "Tea. ".repeat(400)));
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.comes_to_say("Read the whole story");
    page.pictures("40-long-feed");
    page.follows("Read the whole story");
    page.pictures("41-long-story");
    page.follows("Members");
    page.follows(long);
    page.pictures("42-long-member");
}

#[test]
fn a_knock_and_a_lock_have_their_pictures() {
    let mut ana = Computer::bare(PROGRAM);
    let right = ana.file("right", "blue door over there");
    ana.data(&["setup", "--name", "Ana", "--passphrase-file", &right]);
    ana.data(&["new", "Tuesday", "--passphrase-file", &right]);
    ana.start_bare();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.pictures("50-locked");
    page.types("passphrase", "red door over there");
    page.sends();
    assert!(page.text_of("trouble").contains("passphrase"));
    page.pictures("51-locked-trouble");
    page.types("passphrase", "blue door over there");
    page.sends();
    page.says("You are the only one here so far");
    let key = text(&ana.data(&["invite", "--knock"]), "key");
    let mut bo = Computer::of(PROGRAM, "Bo");
    bo.start();
    bo.data_from(&key, &["join", "-"]);
    let theirs = Chromium::start();
    theirs.goto(&link(&bo));
    theirs.comes_to_say("A member has your request");
    theirs.pictures("52-knocking");
    page.comes_to_say("Bo would like to join");
    page.pictures("53-feed-waiting");
    page.follows("Look who it is");
    page.pictures("54-members-waiting");
    let used = link(&bo);
    page.goto(&used);
    theirs.goto(&used);
    theirs.says("This link was already used");
    theirs.pictures("55-closed-twice");
}

#[test]
fn on_paper_there_are_the_words_alone() {
    let ana = ana();
    ana.share("Something to keep.");
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.says("Something to keep.");
    let paper = serde_json::json!({ "media": "print" });
    page.tells("Emulation.setEmulatedMedia", &paper);
    let text = page.text();
    assert!(text.contains("Tuesday circle") && text.contains("Something to keep."));
    for pressed in [
        "Leave quickly",
        "Members",
        "See what was answered",
        "Deutsch",
    ] {
        assert!(!text.contains(pressed), "{text}");
    }
}
