//! This computer and its circles on the page: a second computer, locking, backups, who is up to date; with
//! the pictures of these screens.

use super::chromium::Chromium;
use super::{PROGRAM, ana, link};
use circlet_tests::nodes::{Computer, text};

/// Returns Bo's computer in Ana's circle.
fn bo(ana: &Computer) -> Computer {
    let mut bo = Computer::of(PROGRAM, "Bo");
    bo.start();
    let key = text(&ana.data(&["invite", "--uses", "3"]), "key");
    bo.data_from(&key, &["join", "-"]);
    bo
}

#[test]
fn a_second_computer_comes_in_by_a_key_and_four_words() {
    let ana = ana();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.follows("Members");
    page.follows("Your computers");
    page.says("In the circle since today.");
    page.click("#add");
    page.says("It is for one computer and one hour");
    page.pictures("40-computer-key");
    let key = page.text_of("key");

    let mut laptop = Computer::bare(PROGRAM);
    laptop.start_bare();
    let theirs = Chromium::start();
    theirs.goto(&link(&laptop));
    theirs.types("name", "Ana");
    theirs.sends();
    theirs.says("Step 2 of 3");
    theirs.click("#keep-here");
    theirs.sends();
    theirs.says("Step 3 of 3");
    theirs.follows("I have a key from my other computer");
    theirs.types("key", "7QK4");
    theirs.sends();
    theirs.says("Nothing was changed.");
    theirs.pictures("41-link-trouble");
    theirs.asks("document.getElementById('key').value = ''");
    theirs.types("key", &key);
    theirs.sends();
    theirs.says("It asks for these four words: ");
    let said = theirs.text();
    let (_, words) = said.split_once("these four words: ").unwrap();
    let words = words.split('.').next().unwrap();

    page.follows("All your computers");
    page.comes_to_say("Another computer waits to be let in.");
    page.types("words", "four words of somebody");
    page.sends();
    page.says("These four words are not the ones");
    page.pictures("42-four-words-trouble");
    page.types("words", words);
    page.sends();
    page.says("The words fit.");
    theirs.comes_to_say("You are the only one here so far");
    page.follows("Members");
    page.follows("Your computers");
    page.comes_to_say("Another computer of yours");
    page.pictures("43-computers");
    page.click("summary");
    page.says("this cannot be undone");
    page.click("details button");
    page.says("That computer is out");
    page.says("Taken out.");
    theirs.comes_to_say("This computer was taken out of the circle");
    page.is_quiet();
    theirs.is_quiet();
}

#[test]
fn it_is_told_who_has_a_story_and_how_the_circle_is_doing() {
    let ana = ana();
    let mut bo = bo(&ana);
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.comes_to_say("Up to date with everyone");
    ana.share("Long evenings.");
    page.follows("Stories");
    page.follows("See what was answered");
    page.comes_to_say("It has reached everyone who can read it: Bo.");
    page.pictures("44-reached");
    page.follows("Stories");
    page.follows("How the circle is doing");
    page.comes_to_say("In touch now, and up to date.");
    page.says("what you wrote on this computer is on another member's, too");
    page.pictures("45-doing");
    bo.stop();
    page.comes_to_say("Last in touch today.");
    page.says("What you can try");
    ana.share("Only here so far.");
    page.again();
    page.says("Some of what you wrote may be on this computer only");
    page.pictures("46-doing-apart");
    page.is_quiet();
}

#[test]
fn members_read_what_keepers_settle() {
    let ana = ana();
    let bo = bo(&ana);
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.follows("Members");
    page.follows("What this circle has settled");
    page.pictures("47-settings");
    page.click("#fade option[value='30']");
    page.click("#tells-say");
    page.sends();
    page.says("It is settled so");
    let theirs = Chromium::start();
    theirs.goto(&link(&bo));
    theirs.follows("Members");
    theirs.follows("What this circle has settled");
    theirs.comes_to_say("Stories fade after 30 days");
    theirs.says("a quiet line says who did");
    theirs.says("Keepers can change this.");
    theirs.pictures("48-settled");
    theirs.follows("Share");
    theirs.says("As settled here: after 30 days");
}

#[test]
fn a_passphrase_locks_this_computer_and_a_backup_is_made_and_checked() {
    let ana = ana();
    ana.share("Something to keep.");
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.follows("This computer");
    page.click("#after option[value='15']");
    page.click("form[action$='silence'] button");
    page.says("It is kept so");
    page.follows("Set a passphrase");
    page.types("new", "blue door");
    page.types("again", "blue floor");
    page.sends();
    page.says("were not the same");
    page.pictures("49-passphrase-trouble");
    page.types("new", "blue door");
    page.types("again", "blue door");
    page.sends();
    page.says("From now on Circlet opens here with your passphrase");
    page.pictures("50-computer");
    page.follows("Change your passphrase");
    page.pictures("51-passphrase");
    page.follows("Not now");
    page.follows("A backup");
    page.pictures("52-backup");
    let place = ana.folder().join("backup");
    let place = place.to_str().unwrap();
    page.asks("document.getElementById('path').value = ''");
    page.types("path", place);
    page.types("passphrase", "red door");
    page.sends();
    page.says("That is not the passphrase of this computer");
    page.pictures("53-backup-trouble");
    page.types("passphrase", "blue door");
    page.sends();
    page.says("The backup is there");
    page.pictures("54-backup-made");
    page.sends();
    page.says("The backup is whole");
    page.says("Tuesday circle: with Ana.");
    page.pictures("55-backup-whole");
    page.follows("Done");
    page.follows("Your own words to take along");
    page.pictures("56-copy");
    page.asks("document.getElementById('path').value = ''");
    page.types("path", &format!("{place}-words"));
    page.sends();
    page.says("Your own words are there.");
    page.pictures("57-copied");
    page.follows("Done");
    page.click("main form[action$='leave'] button");
    page.says("This page is closed");
    page.back();
    page.says("This page is closed");
    page.goto(&link(&ana));
    page.says("Circlet is locked");
    page.pictures("58-locked");
    page.types("passphrase", "blue door");
    page.sends();
    page.says("Something to keep.");
    page.is_quiet();
}
