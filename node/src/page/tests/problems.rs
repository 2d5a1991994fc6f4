//! Every problem that can reach the page is said in its own words, in the language of the page.

use super::super::show::{Base, Frame};
use crate::keystore;
use crate::problem::Problem;
use crate::recovery::explain;
use circlet_model::replica::output::Refusal;
use circlet_model::{store, words};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What the page never says, and why.
const ELSEWHERE: [(&str, &str); 19] = [
    ("already-open", "said by commands, before a node runs"),
    ("no-home", "said by commands, before a node runs"),
    ("not-set-up", "the first run is shown instead"),
    ("socket-path", "said by commands, before a node runs"),
    ("socket-taken", "said by commands, before a node runs"),
    ("not-running", "said by commands, where no node answers"),
    ("still-closing", "said by commands, where no node answers"),
    ("updated", "said by commands, to an older node"),
    ("lock-by-ending", "the page has ended, too"),
    ("which-one", "the page names everything by its whole id"),
    ("words-only", "the page opens a backup with the words"),
    ("nothing-damaged", "a store is mended by a command only"),
    ("bundle-damaged", "bundles have commands only"),
    ("bundle-newer", "bundles have commands only"),
    ("bundle-not-in-order", "bundles have commands only"),
    ("bundle-too-large", "bundles have commands only"),
    ("foreign-bundle", "bundles have commands only"),
    ("no-bundle", "bundles have commands only"),
    ("two-of-the-name", "bundles have commands only"),
];

/// Returns every source file below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
}

/// Returns the codes of all problems in the source of this crate, and where each is.
fn codes() -> BTreeMap<String, PathBuf> {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut files,
    );
    let mut codes = BTreeMap::new();
    for path in files {
        let is_test = path.components().any(|it| it.as_os_str() == "tests");
        if is_test || path.ends_with("tests.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for call in ["Problem::new(", "Self::new("] {
            for rest in text.split(call).skip(1) {
                let Some(code) = rest.trim_start().strip_prefix('"') else {
                    continue;
                };
                let code = code.split('"').next().unwrap();
                let letters = |c: char| c.is_ascii_lowercase() || c == '-';
                if !code.is_empty() && code.chars().all(letters) {
                    codes.insert(code.to_owned(), path.clone());
                }
            }
        }
    }
    codes
}

/// Returns how the page says a problem, in one line.
fn said(problem: &Problem) -> String {
    let frame = Frame::new(&Base::new("x"), "problem-title");
    let trouble = frame.trouble(problem);
    let said = format!("{} {}", trouble.message, trouble.next);
    said.replace(['\u{2068}', '\u{2069}'], "")
}

#[test]
fn every_problem_has_words_of_the_page_or_never_reaches_it() {
    let codes = codes();
    assert!(codes.len() > 60, "{}", codes.len());
    let other = said(&Problem::new("nothing-like-it", "`a`", "`b`"));
    for (code, path) in &codes {
        let code: &'static str = code.clone().leak();
        let elsewhere = ELSEWHERE.iter().any(|(known, _)| *known == code);
        let has = said(&Problem::new(code, "`a`", "`b`")) != other;
        let path = path.display();
        assert!(has != elsewhere, "{code} of {path}: words {has}");
    }
    for (code, why) in ELSEWHERE {
        assert!(codes.contains_key(code), "{code} ({why}) is not there");
    }
}

#[test]
fn what_goes_wrong_most_often_is_said_so_that_it_helps() {
    let chosen = [
        (
            keystore::Error::WrongPassphrase.into(),
            "That passphrase didn't open it. Capital letters matter. Try again, or use your 24 words.",
        ),
        (
            store::Error::Full.into(),
            "This computer's disk is full, so Circlet paused. Nothing that was saved is lost; what you \
             asked for was not done. Free some space, then try again.",
        ),
        (
            Refusal::NotAMember.into(),
            "You're no longer in this circle. Your own stories stay on this computer. Ask a member for a \
             new invite if you would like to come back.",
        ),
        (
            Problem::bug(),
            "Something went wrong in Circlet, not in what you did. What was saved is safe. Go back and \
             try again. If it happens again, close Circlet and open it anew.",
        ),
        (
            Problem::new("key-mistyped", "", "")
                .with("group", "3ZRD")
                .with("position", 4),
            "One of the groups looks mistyped: \"3ZRD\" (group 4). Compare it with what you were sent.",
        ),
        (
            explain(words::Error::Unknown(2), "abandon pencl"),
            "Word 2, \"pencl\", is not in the list that the words come from. Compare it with what you \
             wrote down.",
        ),
        (
            explain(words::Error::Count(23), ""),
            "There are 23 words, and 24 are needed. Write all of them, with blanks or lines between.",
        ),
    ];
    for (problem, words) in chosen {
        assert_eq!(said(&problem), words);
    }
    let frame = Frame::new(&Base::new("x"), "problem-title");
    let states = [
        (
            "ended-used",
            "This invite has already been used. Ask the person who sent it for a new one.",
        ),
        (
            "ended-expired",
            "This invite ran out. Ask for a new one; it takes them a minute.",
        ),
    ];
    for (key, words) in states {
        assert_eq!(frame.say(key), words);
    }
    assert!(
        frame
            .say("doctor-clock-look")
            .contains("wrong day until it is set")
    );
}

#[test]
fn every_check_of_this_computer_has_words_of_the_page() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/api/doctor.rs");
    let text = fs::read_to_string(path).unwrap();
    let frame = Frame::new(&Base::new("x"), "doing-title");
    // What is said of circles stands above, in the state of the one that is shown; of the last backup, where
    // one makes the next.
    let elsewhere = ["circles", "circle", "listening", "running", "backup"];
    let mut seen = 0;
    for call in ["check(", "check: "] {
        for rest in text.split(call).skip(1) {
            let Some(check) = rest.trim_start().strip_prefix('"') else {
                continue;
            };
            let check = check.split('"').next().unwrap();
            if !elsewhere.contains(&check) {
                let key = format!("doctor-{check}-look");
                assert_ne!(frame.say(&key), key);
                seen += 1;
            }
        }
    }
    assert!(seen >= 3, "{seen}");
}
