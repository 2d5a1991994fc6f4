//! What somebody keeps for themselves alone: nothing of a draft is left once it is sent or dropped, and
//! nobody can tell who was muted.

use super::{PROGRAM, arrives, computer, two};
use circlet_tests::disk::{any_file_holds, copy_folder};
use circlet_tests::nodes::{Computer, list, members, text, together, until};
use std::fs;

/// Stands in the draft, and nowhere else.
const MARKER: &str = "quiet heron at the weir";

#[test]
fn no_file_of_the_home_holds_or_opens_a_draft_that_was_sent_or_dropped() {
    let mut ana = computer("Ana");
    ana.found("Tuesday circle");
    let keep = |words: &str| text(&ana.data_from(words, &["share", "-", "--draft"]), "id");
    let (sent, dropped) = (keep(MARKER), keep(&format!("{MARKER}, too")));
    keep("This one stays.");
    ana.data_from("Call: 112, checked 2026-05-03", &["crisis", "edit", "-"]);
    ana.stop();
    assert!(!any_file_holds(ana.home(), MARKER.as_bytes()));
    copy_folder(ana.home(), &ana.folder().join("before"));
    ana.start();
    let story = text(&ana.data(&["drafts", "send", &sent]), "id");
    ana.data(&["take-back", &story]);
    ana.data(&["drafts", "drop", &dropped[..8]]);
    assert_eq!(ana.refused("", &["drafts", "drop", &dropped]).exit, 6);
    ana.data_from("Call: 999", &["crisis", "edit", "-"]);
    ana.stop();

    assert_eq!(drafts(&ana), ["This one stays."]);
    assert!(!any_file_holds(ana.folder(), MARKER.as_bytes()));
    // The old store, with every key that the home has now.
    let rows = ana.home().join("store");
    fs::remove_dir_all(&rows).unwrap();
    copy_folder(&ana.folder().join("before").join("store"), &rows);
    for args in [&["drafts"][..], &["crisis"]] {
        let said = String::from_utf8(ana.output("", args).stdout).unwrap();
        assert!(!said.contains(MARKER) && !said.contains("112"), "{said}");
    }
    // So it was in there, for who had the old keys too.
    copy_folder(&ana.folder().join("before"), ana.home());
    assert_eq!(drafts(&ana).len(), 3);
    assert_eq!(ana.data(&["crisis"])["call"][0]["what"], "112");
}

#[test]
fn who_is_muted_is_passed_on_and_nobody_can_tell() {
    let (ana, mut bo) = two();
    let mut cai = Computer::of(PROGRAM, "Cai");
    cai.start();
    let key = text(&ana.data(&["invite", "--history", "all"]), "key");
    cai.data_from(&key, &["join", "-"]);
    together(&[&ana, &bo, &cai], &["Ana", "Bo", "Cai"]);
    cai.stop();
    let muted = ana.data(&["members", "mute", "Bo"]);
    assert_eq!(muted["muted"], true);
    assert!(text(&muted, "sentence").contains("Bo isn't told."));
    let story = bo.share("From Bo.");
    let other = ana.share("From Ana.");
    arrives(&bo, &other);
    bo.data_from("An answer of Bo's.", &["respond", &other, "-"]);
    together(&[&ana, &bo], &["Ana", "Bo", "Cai"]);
    assert_eq!(ana.stories(), [("Ana".to_owned(), "From Ana.".to_owned())]);
    assert_eq!(ana.refused("", &["read", &story]).exit, 6);
    assert_eq!(ana.refused("Hm.", &["respond", &story, "-"]).exit, 6);
    let read = ana.data(&["read", &other]);
    assert_eq!(read["stories"][0]["responses"], serde_json::json!([]));

    // Cai meets Ana alone, and gets all of it from her.
    bo.stop();
    cai.start();
    arrives(&cai, &story);
    together(&[&ana, &cai], &["Ana", "Bo", "Cai"]);
    until("the answer is there too", || {
        let read = cai.data(&["read", &other]);
        let answers = list(&read["stories"][0], "responses").len();
        (answers == 1).then_some(()).ok_or(read)
    });
    let muted = |computer: &Computer| {
        let seen = computer.data(&["members"]);
        let mut all = list(&seen, "members").iter();
        all.any(|member| member["muted"] == true)
    };
    assert!(muted(&ana) && !muted(&cai));
    assert_eq!(members(&cai.only()), ["Ana", "Bo", "Cai"]);
    ana.data(&["members", "unmute", "Bo"]);
    assert_eq!(ana.stories().len(), 2);
}

fn drafts(computer: &Computer) -> Vec<String> {
    let drafts = computer.data(&["drafts"]);
    let drafts = list(&drafts, "drafts").iter();
    drafts.map(|draft| text(draft, "text")).collect()
}

#[test]
fn a_backup_brings_back_the_crisis_card_and_whom_one_muted() {
    let (ana, bo) = two();
    ana.data(&["members", "mute", "Bo"]);
    ana.data_from("Call: 112\nHelps: Tea.", &["crisis", "edit", "-"]);
    ana.data_from("Not yet.", &["share", "-", "--draft"]);
    let new = Computer::bare(PROGRAM);
    let words = text(&ana.data(&["words", "show", "--yes"]), "words");
    let words = new.file("words.txt", &words);
    let file = new.folder().join("backup").to_str().unwrap().to_owned();
    ana.data(&["backup", "make", &file]);
    new.data(&["backup", "check", &file, "--words-file", &words]);
    new.data(&["restore", &file, "--words-file", &words, "--no-passphrase"]);
    assert_eq!(new.data(&["crisis"])["helps"], "Tea.");
    assert!(drafts(&new).is_empty(), "drafts stay where they are");
    new.data(&["restore", "--show-now"]);
    bo.share("From Bo.");
    let seen = new.data(&["members"]);
    let muted = list(&seen, "members").iter();
    let muted: Vec<_> = muted.filter(|member| member["muted"] == true).collect();
    assert_eq!((muted.len(), &muted[0]["name"]), (1, &"Bo".into()));
}
