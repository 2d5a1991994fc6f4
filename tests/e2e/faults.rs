//! Computers that misbehave: nodes ended at any moment, a home opened twice, a full disk, a store from
//! the future, a passphrase that is not there. Nothing acknowledged is lost.
//!
//! `CIRCLET_CRASH_ROUNDS` sets how often a node is ended, `CIRCLET_CRASH_SEED` the seed.

use super::{PROGRAM, computer, two};
use circlet_tests::disk::SmallDisk;
use circlet_tests::namespace;
use circlet_tests::nodes::{Computer, refusal, text, together, until};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::linux::fs::MetadataExt;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

/// How often a node is ended, unless told.
const ROUNDS: u32 = 4;

/// How much room there is on a disk that is about to be full: what the store keeps free, and enough for
/// a few stories.
const ROOM: u64 = 9 * 1024 * 1024;

#[test]
fn a_node_ended_at_any_moment_loses_nothing_acknowledged() {
    let (mut rng, rounds) = setting();
    let (mut ana, mut bo) = two();
    let mut by_each = [BTreeSet::new(), BTreeSet::new()];
    for round in 0..rounds {
        let [by_ana, by_bo] = &mut by_each;
        let (victim, acknowledged) = if rng.next_u32() % 2 == 0 {
            (&mut ana, by_ana)
        } else {
            (&mut bo, by_bo)
        };
        // The writer needs the computer as it is; ending its node needs no more than its number.
        let (pid, wanted) = (victim.pid(), rng.next_u32() % 4);
        let spins = rng.next_u32() % 5_000_000;
        let done = AtomicBool::new(false);
        let (said, ids) = mpsc::sync_channel(1024);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0.. {
                    if done.load(Ordering::Relaxed) {
                        return;
                    }
                    let story = format!("Round {round}, story {number}.");
                    let output = victim.output(&story, &["share", "-"]);
                    if output.status.success() {
                        said.send(shared(&output.stdout)).unwrap();
                    }
                }
            });
            for _ in 0..wanted {
                acknowledged.insert(ids.recv().unwrap());
            }
            for _ in 0..spins {
                std::hint::spin_loop();
            }
            circlet_tests::nodes::end(pid);
            done.store(true, Ordering::Relaxed);
        });
        acknowledged.extend(ids.try_iter());
        victim.kill();
        assert_has(victim, acknowledged);
        victim.start();
        assert_has(victim, acknowledged);
    }
    together(&[&ana, &bo], &["Ana", "Bo"]);
    for acknowledged in &by_each {
        assert_has(&ana, acknowledged);
        assert_has(&bo, acknowledged);
    }
}

#[test]
fn a_command_ended_at_any_moment_leaves_a_home_that_opens() {
    let (mut rng, rounds) = setting();
    let ana = computer("Ana");
    ana.data(&["new", "Tuesday circle"]);
    let mut acknowledged = BTreeSet::new();
    for round in 0..4 * rounds {
        let mut command = ana.command(&["share", "-", "--json"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let story = format!("Round {round}.");
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), story.as_bytes()).unwrap();
        for _ in 0..rng.next_u32() % 8_000_000 {
            std::hint::spin_loop();
        }
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        if !output.stdout.is_empty() {
            acknowledged.insert(shared(&output.stdout));
        }
    }
    acknowledged.insert(ana.share("At the end."));
    assert_has(&ana, &acknowledged);
}

#[test]
fn a_node_that_is_asked_ends_by_itself_and_leaves_no_socket() {
    let (mut ana, mut bo) = two();
    bo.stop();
    // With a member to look for, a join under way and requests coming in.
    let mut eve = computer("Eve");
    eve.found("Another circle");
    let key = text(&eve.data(&["invite"]), "key");
    drop(eve);
    assert_eq!(ana.data_from(&key, &["join", "-"])["state"], "pending");
    let busy: Vec<_> = (0..4)
        .map(|_| {
            let mut command = ana.command(&["read", "--all", "--json"]);
            command.stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().unwrap()
        })
        .collect();
    let status = ana.terminate();
    assert!(status.success(), "{status}: {}", ana.log());
    assert!(!ana.home().join("node.sock").exists());
    for mut command in busy {
        command.wait().unwrap();
    }
    ana.start();
}

#[test]
fn a_node_leaves_no_image_of_its_memory() {
    let mut ana = computer("Ana");
    ana.start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", ana.pid())).unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let words: Vec<&str> = core.unwrap().split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "soft and hard");
    // What belongs to nobody's account but the system's cannot be looked into by the account's others.
    let memory = std::fs::metadata(format!("/proc/{}/mem", ana.pid())).unwrap();
    assert_eq!(memory.st_uid(), 0);
}

#[test]
fn a_home_is_open_once() {
    let mut ana = computer("Ana");
    ana.found("Tuesday circle");
    let refused = ana.refused("", &["node", "run"]);
    assert_eq!((refused.exit, refused.code.as_str()), (1, "already-open"));
    assert_eq!(ana.data(&["start"])["started"], false);
    let elsewhere = ana.folder().join("elsewhere.sock");
    let mut command = ana.command(&["status", "--json"]);
    let output = command.env("CIRCLET_SOCKET", &elsewhere).output().unwrap();
    let refused = refusal(&output);
    assert_eq!((refused.exit, refused.code.as_str()), (1, "busy"));
    ana.share("Still here.");

    ana.kill();
    assert!(ana.home().join("node.sock").exists(), "what a kill leaves");
    assert_eq!(ana.data(&["status"])["running"], false);
    assert_eq!(ana.data(&["stop"])["stopped"], false);
    ana.start();
    assert_eq!(ana.stories().len(), 1);
}

#[test]
fn a_store_from_a_newer_version_is_left_as_it_is() {
    let mut ana = computer("Ana");
    ana.data(&["new", "Tuesday circle"]);
    ana.share("Kept.");
    let format = |version: u32| {
        let store = sled::open(ana.home().join("store")).unwrap();
        let key = b"\xffformat";
        let before = store.insert(key, &version.to_be_bytes()).unwrap();
        store.flush().unwrap();
        u32::from_be_bytes(before.unwrap().as_ref().try_into().unwrap())
    };
    let present = format(9999);
    for args in [&["status"][..], &["read"], &["node", "run"], &["start"]] {
        let refused = ana.refused("", args);
        assert_eq!((refused.exit, refused.code.as_str()), (1, "store-newer"));
        assert!(refused.message.contains("safe") && refused.next.contains("Update"));
    }
    assert_eq!(ana.refused("More.", &["share", "-"]).code, "store-newer");
    assert_eq!(format(present), 9999);
    assert_eq!(ana.stories()[0].1, "Kept.");
    ana.start();
}

#[test]
fn a_passphrase_opens_the_home_and_nothing_else_does() {
    let mut ana = Computer::bare(PROGRAM);
    let right = ana.file("right", "a quiet place\n");
    let wrong = ana.file("wrong", "a loud place\n");
    let none = ana.folder().join("none").display().to_string();
    ana.data(&["setup", "--name", "Ana", "--passphrase-file", &right]);
    for args in [
        &["status"][..],
        &["new", "Tuesday"],
        &["node", "run"],
        &["start"],
    ] {
        let locked = ana.refused("", args);
        assert_eq!((locked.exit, locked.code.as_str()), (4, "needs-passphrase"));
        let args = [args, &["--passphrase-file", &wrong]].concat();
        let other = ana.refused("", &args);
        assert_eq!((other.exit, other.code.as_str()), (4, "wrong-passphrase"));
    }
    assert_eq!(
        ana.refused("", &["status", "--passphrase-file", &none])
            .exit,
        1
    );
    ana.always(&["--passphrase-file", &right]);
    ana.found("Tuesday");
    ana.share("Behind a door.");
    ana.kill();
    ana.always(&[]);
    assert_eq!(
        ana.refused("", &["read"]).exit,
        4,
        "a kill leaves nothing open"
    );
    let read = ana.data_from("a quiet place\n", &["read", "--passphrase-file", "-"]);
    assert_eq!(read["stories"][0]["text"], "Behind a door.");
}

#[test]
fn a_full_disk_is_said_and_goes_on_with_room() {
    if !namespace::is_here(
        "faults::a_full_disk_is_said_and_goes_on_with_room",
        &["--mount"],
    ) {
        return;
    }
    let mut ana = Computer::bare(PROGRAM);
    let place = ana.folder().join("small");
    std::fs::create_dir(&place).unwrap();
    let disk = SmallDisk::mount(&place, 32);
    ana.live_at(place.join("home"));
    ana.data(&["setup", "--name", "Ana", "--no-passphrase"]);
    ana.found("Tuesday circle");
    let filler = place.join("filler");
    disk.fill(&filler, ROOM);
    // Words that nothing makes shorter.
    let mut bytes = vec![0; 15_000];
    setting().0.fill_bytes(&mut bytes);
    let long = serde_json::to_string(&bytes).unwrap();
    let mut acknowledged = BTreeSet::new();
    let refused = loop {
        let output = ana.output(&long, &["share", "-"]);
        if !output.status.success() {
            break refusal(&output);
        }
        acknowledged.insert(shared(&output.stdout));
        assert!(acknowledged.len() < 100, "the disk never fills up");
    };
    assert_eq!(
        (refused.exit, refused.code.as_str()),
        (1, "disk-full"),
        "{refused:?}"
    );
    assert!(refused.message.contains("Nothing that was saved is lost"));
    assert!(!acknowledged.is_empty(), "there was room for none");
    let circle = ana.only();
    assert!(
        text(&circle, "sentence").contains("Free some space"),
        "{circle}"
    );
    assert_has(&ana, &acknowledged);

    std::fs::remove_file(filler).unwrap();
    until("it goes on by itself", || {
        let output = ana.output("There is room again.", &["share", "-"]);
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        output
            .status
            .success()
            .then(|| shared(&output.stdout))
            .ok_or(stdout)
    });
    assert_has(&ana, &acknowledged);
    ana.stop();
    assert_has(&ana, &acknowledged);
}

/// Returns the generator and the number of rounds.
pub(crate) fn setting() -> (ChaCha8Rng, u32) {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().unwrap());
    let seed: u64 = number("CIRCLET_CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    let rounds = number("CIRCLET_CRASH_ROUNDS").map_or(ROUNDS, |rounds: u64| rounds as u32);
    println!("CIRCLET_CRASH_SEED={seed} CIRCLET_CRASH_ROUNDS={rounds}");
    (ChaCha8Rng::seed_from_u64(seed), rounds)
}

/// Returns the id that `share --json` printed.
fn shared(stdout: &[u8]) -> String {
    let line: Value = serde_json::from_slice(stdout).unwrap();
    text(&line["data"], "id")
}

#[track_caller]
pub(crate) fn assert_has(computer: &Computer, acknowledged: &BTreeSet<String>) {
    let read = computer.data(&["read", "--all"]);
    let here: BTreeSet<String> = circlet_tests::nodes::list(&read, "stories")
        .iter()
        .map(|story| text(story, "id"))
        .collect();
    let lost: Vec<_> = acknowledged.difference(&here).collect();
    assert!(lost.is_empty(), "acknowledged and lost: {}", json!(lost));
}
