//! The words of the house: nothing unfinished, nothing about one machine, warm words for members.

use crate::tree::{File, files, none};

/// What no file may say: work left undone, and places on one machine.
/// Written in two halves, so that this list does not find itself.
const NOWHERE: &[(&str, &str)] = &[
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X"),
    ("/wo", "rk/"),
    ("/ho", "me/"),
    ("/ro", "ot/"),
    ("/tm", "p/"),
    ("#[ign", "ore"),
    ("#[should_", "panic"),
];

/// Files that quote others' words or that a tool writes.
const NOT_OURS: &[&str] = &[
    "Cargo.lock",
    "tests/fuzz/Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
];

/// What a member never reads.
const COLD: &[&str] = &[
    "invalid", "failed", "illegal", "fatal", "abort", "aborted", "kill", "killed", "user", "users",
    "oops",
];

#[test]
fn no_file_says_what_no_file_may_say() {
    let mut faults = Vec::new();
    for file in files()
        .iter()
        .filter(|file| !NOT_OURS.contains(&file.path.as_str()))
    {
        for (number, line) in file.text.lines().enumerate() {
            let said = |(start, end): &&(&str, &str)| line.contains(&format!("{start}{end}"));
            for (start, end) in NOWHERE.iter().filter(said) {
                faults.push(format!("{}:{}: {start}{end}", file.path, number + 1));
            }
        }
    }
    none("finish it, or leave it out", &faults);
}

#[test]
fn members_read_warm_words() {
    let mut faults = Vec::new();
    for file in files().iter().filter(|file| is_for_members(file)) {
        for (number, line) in file.text.lines().enumerate() {
            let words = line.split(|letter: char| !letter.is_alphanumeric());
            for word in words.filter(|word| COLD.contains(&word.to_lowercase().as_str())) {
                faults.push(format!("{}:{}: {word}", file.path, number + 1));
            }
            if line.contains('!') && !line.contains("![") {
                faults.push(format!("{}:{}: an exclamation mark", file.path, number + 1));
            }
        }
    }
    none(
        "say what happened, what is safe and what to do next",
        &faults,
    );
}

/// Whether a file is written for members.
fn is_for_members(file: &File) -> bool {
    file.is_markdown() && (file.path.starts_with("docs/guide/") || file.path == "README.md")
}

#[test]
fn lines_end_without_blanks_and_files_with_a_line() {
    let mut faults = Vec::new();
    for file in files()
        .iter()
        .filter(|file| !NOT_OURS.contains(&file.path.as_str()))
    {
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            faults.push(format!("{}: no end of line at its end", file.path));
        }
        for (number, line) in file.text.lines().enumerate() {
            if line.ends_with([' ', '\t']) && !file.path.ends_with(".snap") {
                faults.push(format!("{}:{}", file.path, number + 1));
            }
        }
    }
    none("lines end without blanks", &faults);
}
