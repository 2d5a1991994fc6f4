//! Locking and unlocking a node, and other passphrases, as members live through it.

use super::{PROGRAM, arrives, computer};
use circlet_tests::disk::SmallDisk;
use circlet_tests::namespace;
use circlet_tests::nodes::{Computer, list, text, together, until};
use serde_json::{Value, json};
use std::process::Stdio;

/// Returns a computer whose home is behind a passphrase, which every command gives.
fn behind(passphrase: &str, name: &str) -> Computer {
    let mut computer = Computer::bare(PROGRAM);
    give(&mut computer, passphrase);
    computer.data(&["setup", "--name", name]);
    computer
}

/// Lets every later command and node give this passphrase.
fn give(computer: &mut Computer, passphrase: &str) {
    let file = computer.file("passphrase", passphrase);
    computer.always(&["--passphrase-file", &file]);
}

/// Writes the 24 words to a file.
fn words_of(computer: &Computer) -> String {
    let words = text(&computer.data(&["words", "show", "--yes"]), "words");
    computer.file("words", &words)
}

#[track_caller]
fn refused(computer: &Computer, args: &[&str], exit: i32, code: &str) {
    let refused = computer.refused("", args);
    assert_eq!(
        (refused.exit, refused.code.as_str()),
        (exit, code),
        "{args:?}"
    );
}

#[test]
fn a_locked_node_meets_nobody_and_goes_on_once_it_is_unlocked() {
    let (mut ana, mut bo) = (behind("blue door", "Ana"), computer("Bo"));
    ana.found("Tuesday circle");
    bo.start();
    let key = text(&ana.data(&["invite"]), "key");
    bo.data_from(&key, &["join", "-"]);
    together(&[&ana, &bo], &["Ana", "Bo"]);

    assert_eq!(ana.data(&["unlock"])["locked"], false, "it is open already");
    assert_eq!(ana.data(&["lock"])["locked"], true);
    until("Bo's computer sees that Ana's is gone", || {
        let circle = bo.only();
        let gone = list(&circle, "connected").is_empty();
        gone.then_some(()).ok_or(circle)
    });
    let story = bo.share("While Ana was away.");
    for args in [
        &["read"][..],
        &["list"],
        &["members"],
        &["words", "show", "--yes"],
        &["device", "list"],
        &["lock", "--after", "5m"],
    ] {
        refused(&ana, args, 4, "locked");
    }
    let told = ana.refused("Not now.", &["share", "-"]);
    assert_eq!((told.exit, told.code.as_str()), (4, "locked"));
    ana.always(&[]);
    let status = json!({"circles": [], "locked": true, "running": true});
    assert_eq!(ana.data(&["status"]), status, "without any key");
    assert_eq!(ana.data(&["start"])["started"], false);
    assert_eq!(ana.data(&["lock"])["locked"], true, "it is locked already");
    let doctor = ana.data(&["doctor"]);
    let last = list(&doctor, "checks").last().unwrap();
    assert!(text(last, "sentence").contains("circlet unlock"), "{last}");
    refused(&ana, &["unlock"], 4, "needs-passphrase");
    let wrong = ana.file("wrong", "red door");
    refused(
        &ana,
        &["unlock", "--passphrase-file", &wrong],
        4,
        "wrong-passphrase",
    );

    give(&mut ana, "blue door");
    assert_eq!(ana.data(&["unlock"])["locked"], false);
    arrives(&ana, &story);
    together(&[&ana, &bo], &["Ana", "Bo"]);
    ana.data(&["lock"]);
    ana.stop();
    refused(&ana, &["unlock"], 5, "not-running");
    assert_eq!(ana.stories().len(), 1);
}

#[test]
fn the_words_unlock_and_start_and_choose_another_passphrase() {
    let mut ana = behind("blue door", "Ana");
    ana.found("Tuesday circle");
    let words = words_of(&ana);
    let bo = computer("Bo");
    let others = words_of(&bo);
    ana.data(&["lock"]);
    ana.always(&[]);
    assert_eq!(
        ana.refused("", &["unlock", "--words-file", &others]).exit,
        4
    );
    ana.data(&["unlock", "--words-file", &words]);
    assert_eq!(ana.only()["name"], "Tuesday circle");
    ana.stop();
    // As somebody who forgot the passphrase.
    let new = ana.file("new", "green door");
    let change = ["passphrase", "--new-passphrase-file", &new];
    refused(&ana, &change, 4, "needs-passphrase");
    let by_others = [&change[..], &["--words-file", &others]].concat();
    refused(&ana, &by_others, 4, "wrong-words");
    ana.data(&[&change[..], &["--words-file", &words]].concat());
    give(&mut ana, "blue door");
    refused(&ana, &["list"], 4, "wrong-passphrase");
    give(&mut ana, "green door");
    ana.data(&["list"]);
    ana.always(&[]);
    let listen = ["start", "--listen", "/ip4/127.0.0.1/tcp/0"];
    refused(&ana, &listen, 4, "needs-passphrase");
    let started = ana.data(&[&listen[..], &["--words-file", &words]].concat());
    assert_eq!(started["started"], true);
    assert_eq!(ana.data(&["status"])["running"], true);
    assert_eq!(ana.data(&["stop"])["stopped"], true);
}

#[test]
fn a_passphrase_comes_changes_and_goes() {
    let mut ana = computer("Ana");
    ana.data(&["new", "Tuesday circle"]);
    for running in [false, true] {
        if running {
            ana.start();
        }
        let (blue, green) = (
            ana.file("blue", "blue door\n"),
            ana.file("green", "green door\n"),
        );
        refused(&ana, &["passphrase"], 2, "usage");
        let empty = ana.file("empty", "\n");
        refused(
            &ana,
            &["passphrase", "--new-passphrase-file", &empty],
            1,
            "empty-passphrase",
        );
        let set = ana.data(&["passphrase", "--new-passphrase-file", &blue]);
        assert_eq!(set["passphrase"], true);
        let change = [
            "passphrase",
            "--new-passphrase-file",
            &green,
            "--passphrase-file",
        ];
        refused(
            &ana,
            &[&change[..], &[&green]].concat(),
            4,
            "wrong-passphrase",
        );
        ana.data(&[&change[..], &[&blue]].concat());
        refused(
            &ana,
            &[&change[..], &[&blue]].concat(),
            4,
            "wrong-passphrase",
        );
        if running {
            ana.stop();
        }
        refused(&ana, &["list"], 4, "needs-passphrase");
        let opened = ana.data(&["list", "--passphrase-file", &green]);
        assert_eq!(list(&opened, "circles").len(), 1);
        let none = ["passphrase", "--no-passphrase", "--passphrase-file", &green];
        assert_eq!(ana.data(&none)["passphrase"], false);
        ana.data(&["list"]);
    }
}

#[test]
fn what_a_lock_can_do_is_said() {
    let said = |computer: &Computer, args: &[&str]| {
        let sentence = text(&computer.data(args), "sentence");
        assert!(!sentence.contains('!'), "{sentence}");
        sentence
    };
    let mut without = computer("Ana");
    assert!(said(&without, &["lock"]).contains("no passphrase"));
    without.start();
    assert!(said(&without, &["lock"]).contains("as far as it can be"));
    refused(&without, &["list"], 4, "locked");
    said(&without, &["unlock"]);
    without.data(&["list"]);
    without.stop();

    let mut with = behind("blue door", "Bo");
    assert!(said(&with, &["lock"]).contains("isn't running"));
    assert!(said(&with, &["lock", "--after", "15m"]).contains("15 minutes"));
    with.start();
    assert!(said(&with, &["lock", "--after", "1h"]).contains("1 hour"));
    let never = with.data(&["lock", "--after", "never"]);
    assert_eq!(never["seconds"], Value::Null);
    assert_eq!(with.data(&["status"])["locked"], false);
    for wrong in ["7w", "0m", "31d"] {
        assert_eq!(with.refused("", &["lock", "--after", wrong]).exit, 2);
    }
    with.stop();
    refused(&Computer::bare(PROGRAM), &["lock"], 1, "not-set-up");
    refused(&Computer::bare(PROGRAM), &["unlock"], 1, "not-set-up");
    refused(
        &Computer::bare(PROGRAM),
        &["passphrase", "--no-passphrase"],
        1,
        "not-set-up",
    );
}

#[test]
fn a_full_disk_keeps_the_old_passphrase() {
    const NAME: &str = "locked::a_full_disk_keeps_the_old_passphrase";
    if !namespace::is_here(NAME, &["--mount"]) {
        return;
    }
    let mut ana = Computer::bare(PROGRAM);
    let small = ana.folder().join("small");
    std::fs::create_dir(&small).unwrap();
    let disk = SmallDisk::mount(&small, 32);
    ana.live_at(small.join("home"));
    give(&mut ana, "blue door");
    ana.data(&["setup", "--name", "Ana"]);
    ana.data(&["new", "Tuesday circle"]);
    let new = ana.file("new", "green door");
    let change = ["passphrase", "--new-passphrase-file", &new];
    for running in [false, true] {
        if running {
            ana.start();
        }
        let filler = small.join("filler");
        disk.fill(&filler, 0);
        let before = std::fs::read(ana.home().join("keys")).unwrap();
        let full = ana.refused("", &change);
        assert_eq!((full.exit, full.code.as_str()), (1, "disk-full"));
        assert_eq!(std::fs::read(ana.home().join("keys")).unwrap(), before);
        assert!(!ana.home().join("keys.new").exists());
        std::fs::remove_file(filler).unwrap();
        ana.data(&["list"]);
    }
    ana.data(&change);
    ana.stop();
    give(&mut ana, "green door");
    assert_eq!(list(&ana.data(&["list"]), "circles").len(), 1);
}

#[test]
fn a_damaged_key_file_is_said_in_plain_words_and_left_as_it_is() {
    let mut ana = behind("blue door", "Ana");
    ana.found("Tuesday circle");
    ana.data(&["lock"]);
    let keys = ana.home().join("keys");
    let whole = std::fs::read(&keys).unwrap();
    let new = ana.file("new", "green door");
    let change = ["passphrase", "--new-passphrase-file", &new];
    let mut changed = whole.clone();
    changed[20] ^= 1;
    for damaged in [&whole[..0], &whole[..100], &changed] {
        std::fs::write(&keys, damaged).unwrap();
        for args in [&["unlock"][..], &change] {
            let told = ana.refused("", args);
            assert_eq!((told.exit, told.code.as_str()), (1, "keys-damaged"));
            assert!(told.message.contains("keys of this home is damaged"));
        }
        assert_eq!(std::fs::read(&keys).unwrap(), damaged);
    }
    std::fs::write(&keys, &whole).unwrap();
    ana.data(&["unlock"]);
    assert_eq!(ana.only()["name"], "Tuesday circle");
    ana.stop();
}

#[test]
fn a_change_ended_at_any_moment_leaves_one_of_both_passphrases() {
    let mut ana = behind("blue door", "Ana");
    let [mut now, mut next] = ["blue door", "green door"];
    for round in 0..6_u32 {
        let new = ana.file("new", next);
        let mut command = ana.command(&["passphrase", "--new-passphrase-file", &new]);
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        for _ in 0..round * 2_500_000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        if ana.output("", &["list"]).status.success() {
            continue;
        }
        (now, next) = (next, now);
        give(&mut ana, now);
        ana.data(&["list"]);
    }
    assert!(!ana.home().join("keys.new").exists());
}

#[test]
fn a_home_that_is_set_up_is_refused_before_anything_is_asked() {
    let ana = computer("Ana");
    let missing = ana.folder().join("no such file");
    let args = [
        "setup",
        "--name",
        "Ana",
        "--passphrase-file",
        missing.to_str().unwrap(),
    ];
    refused(&ana, &args, 1, "set-up-already");
    refused(&ana, &["setup", "--name", "Ana"], 1, "set-up-already");
}
