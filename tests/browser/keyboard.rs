//! Everything by the keys alone: from the link on, with Tab, arrows, Enter, Space and Escape.

use super::chromium::{Chromium, DOWN, ENTER, ESCAPE, SHIFT, TAB};
use super::{PROGRAM, link};
use circlet_tests::nodes::{Computer, text};

/// The most steps to anything: more, and a person gives up.
const STEPS: usize = 40;

/// Returns what has the focus: its id, its words, and what is wrong with how it shows.
const FOCUS: &str = r#"
    const one = document.activeElement;
    if (!one || one === document.body) return ["", "", "it is nowhere"];
    const style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    const seen = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const words = one.labels && one.labels.length ? one.labels[0].textContent : one.textContent;
    return [one.id, words.trim(), ringed ? (seen ? "" : "it is out of sight") : "nothing shows it"];
"#;

/// What has the focus.
struct Focus {
    id: String,
    words: String,
    fault: String,
}

impl Chromium {
    fn focus(&self) -> Focus {
        let found = self.asks(FOCUS);
        let [id, words, fault] = [0, 1, 2].map(|at| found[at].as_str().unwrap().to_owned());
        let words = words.replace(['\u{2068}', '\u{2069}'], "");
        Focus { id, words, fault }
    }

    /// Goes forward until what has the focus says this; everything on the way shows that it has it.
    #[track_caller]
    fn tabs_to(&self, words: &str) {
        self.goes_to(words, || self.presses(TAB));
    }

    /// Goes back until what has the focus says this.
    #[track_caller]
    fn tabs_back_to(&self, words: &str) {
        self.goes_to(words, || self.presses_with(SHIFT, TAB));
    }

    #[track_caller]
    fn goes_to(&self, words: &str, step: impl Fn()) {
        let mut passed = Vec::new();
        for _ in 0..STEPS {
            step();
            let focus = self.focus();
            assert_eq!(focus.fault, "", "{words}, after {passed:?}");
            if focus.words.contains(words) {
                return;
            }
            passed.push(focus.words);
        }
        panic!("{words} is not among {passed:?}");
    }

    /// Goes to what says this, and presses Enter there.
    #[track_caller]
    fn enters(&self, words: &str) {
        self.tabs_to(words);
        self.presses(ENTER);
    }

    /// Writes, a key after the other, where the focus is.
    #[track_caller]
    fn writes(&self, words: &str) {
        for letter in words.chars() {
            self.presses(letter.encode_utf8(&mut [0; 4]));
        }
    }

    /// Fails unless the focus is on this, and shows.
    #[track_caller]
    fn is_on(&self, id: &str) {
        let focus = self.focus();
        assert!(focus.id.starts_with(id), "{} {}", focus.id, focus.words);
        assert_eq!(focus.fault, "", "{id}");
    }
}

#[test]
fn a_circle_is_begun_and_lived_in_by_the_keys_alone() {
    let mut ana = Computer::bare(PROGRAM);
    ana.start_bare();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.says("Step 1 of 3");
    page.tabs_to("Skip to the content");
    page.tabs_to("What shall the others call you?");
    page.writes("\u{a0}");
    page.presses(ENTER);
    page.says("A name has at least one letter");
    page.is_on("name");
    page.writes("Ana");
    page.presses(ENTER);
    page.says("Step 2 of 3");
    page.tabs_to("A passphrase, each time");
    page.presses(DOWN);
    page.is_on("keep-here");
    page.tabs_to("Continue");
    page.presses(" ");
    page.says("Step 3 of 3");
    page.enters("Start a circle");
    page.tabs_to("What is the circle called?");
    page.writes("Tuesday circle");
    page.presses(ENTER);
    page.says("Keep these");
    page.enters("This is what we agree on");
    page.says("You are the only one here so far");

    page.enters("Invite");
    page.says("How many people is it for?");
    page.tabs_to("One person");
    page.presses(DOWN);
    page.is_on("uses-3");
    page.tabs_to("How long does it work?");
    page.presses(DOWN);
    page.enters("Make the invite");
    page.says("Your invite");
    let mut bo = Computer::of(PROGRAM, "Bo");
    bo.start();
    bo.data_from(&page.text_of("key"), &["join", "-"]);
    page.enters("All invites");
    page.comes_to_say("2 more people");
    page.enters("Stories");
    page.comes_to_say("Up to date with everyone");
    shares_and_reads(&page, &bo);
    looks_at_members_and_leaves(&page);
}

#[track_caller]
fn shares_and_reads(page: &Chromium, bo: &Computer) {
    page.enters("Share");
    page.tabs_to("Your words");
    page.writes("I slept well.");
    page.tabs_to("Listening, no advice");
    page.presses(DOWN);
    page.is_on("ask-experience");
    page.tabs_to("Share with the circle");
    page.presses(" ");
    page.says("Shared. It is safe on this computer");
    let note = bo.file("note", "sleep");
    let theirs = bo.data_from(
        "So did I.",
        &["share", "--ask", "ideas", "--note-file", &note, "-"],
    );
    page.says("Show Bo's new story");
    page.enters("Show Bo's new story");
    page.says("Content note: sleep");
    page.is_on(&format!("s-{}", text(&theirs, "id")));
    page.tabs_to("Read it now");
    page.presses(" ");
    page.says("So did I.");
    page.enters("Respond to Bo");
    page.says("Nothing yet.");
    page.tabs_to("An idea, or how it was for you");
    page.writes("\u{a0}");
    page.enters("Send");
    page.says("There is no text yet");
    page.is_on("text");
    page.writes("I am glad.");
    page.enters("Send");
    page.says("I am glad.");
    page.is_on("r-");
    page.tabs_to("Change this");
    page.enters("Take this back");
    page.says("Take this back?");
    page.enters("Take it back");
    page.says("Gone from");
}

#[track_caller]
fn looks_at_members_and_leaves(page: &Chromium) {
    page.enters("Members");
    page.says("Keeper");
    page.enters("Bo");
    page.tabs_to("I would like to do this");
    page.presses(ENTER);
    page.tabs_to("Remove Bo from the circle");
    page.tabs_back_to("Make Bo a keeper");
    page.presses(ESCAPE);
    page.says("Escape twice more to leave.");
    page.presses(ESCAPE);
    page.presses(ESCAPE);
    page.says("This page is closed");
    page.is_quiet();
}

#[test]
fn the_focus_is_not_lost_with_what_is_taken_back() {
    let ana = super::ana();
    let bo = super::joins(&ana, "Bo");
    let id = bo.share("Not for long.");
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.comes_to_say("Not for long.");
    page.tabs_to("Respond to Bo");
    bo.data(&["take-back", &id]);
    page.says("This was taken back, or changed since.");
    let focus = page.focus();
    assert!(
        focus.words.starts_with("This was taken back"),
        "{}",
        focus.words
    );
    page.tabs_to("Deutsch");
    page.is_quiet();
}
