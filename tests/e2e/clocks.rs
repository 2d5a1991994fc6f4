//! What time does, with real nodes under a clock that the test sets: stories fade on every computer, and a
//! computer that slept is locked when it wakes.

use super::{PROGRAM, arrives};
use circlet_tests::nodes::{Computer, text, together, until};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const HOUR: u64 = 60 * 60;
const DAY: u64 = 24 * HOUR;

/// Stands in the story that fades, and nowhere else.
const MARKER: &str = "smoke over the allotments";

/// The clock of some computers.
struct Clock {
    place: TempDir,
    library: PathBuf,
}

impl Clock {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let library = place.path().join("clock.so");
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .arg(&library)
            .arg(manifest.join("../tests/e2e/clock.c"))
            .arg("-ldl")
            .status();
        assert!(built.unwrap().success(), "the clock did not build");
        let clock = Self { place, library };
        clock.set(0);
        clock
    }

    /// Sets it so many seconds ahead.
    fn set(&self, ahead: u64) {
        let fresh = self.place.path().join("fresh");
        fs::write(&fresh, ahead.to_string()).unwrap();
        fs::rename(fresh, self.file()).unwrap();
    }

    fn file(&self) -> PathBuf {
        self.place.path().join("ahead")
    }

    /// Returns a computer that goes by this clock.
    fn computer(&self) -> Computer {
        let mut computer = Computer::bare(PROGRAM);
        computer.set("LD_PRELOAD", self.library.to_str().unwrap());
        computer.set("CIRCLET_TEST_CLOCK", self.file().to_str().unwrap());
        computer
    }

    fn of(&self, name: &str) -> Computer {
        let computer = self.computer();
        computer.data(&["setup", "--name", name, "--no-passphrase"]);
        computer
    }
}

#[track_caller]
fn not_here(computer: &Computer, story: &str) {
    let read = computer.output("", &["read", story]);
    assert_eq!(read.status.code(), Some(6), "{read:?}");
}

#[test]
fn a_story_fades_from_every_computer_also_from_one_that_slept_past_its_day() {
    let clock = Clock::new();
    let [mut ana, mut bo, mut cai] = ["Ana", "Bo", "Cai"].map(|name| clock.of(name));
    ana.found("Tuesday circle");
    for other in [&mut bo, &mut cai] {
        other.start();
        let key = text(&ana.data(&["invite"]), "key");
        other.data_from(&key, &["join", "-"]);
    }
    let names = ["Ana", "Bo", "Cai"];
    together(&[&ana, &bo, &cai], &names);
    let fades = text(
        &ana.data_from(MARKER, &["share", "--fade", "1d", "-"]),
        "id",
    );
    let kept = ana.share("This one stays.");
    for computer in [&ana, &bo, &cai] {
        arrives(computer, &fades);
        arrives(computer, &kept);
    }
    cai.stop();

    clock.set(3 * DAY);
    // Hidden at once, by the clock alone.
    for computer in [&ana, &bo, &cai] {
        not_here(computer, &fades);
    }
    // They meet on the later day, so each has the other's word for it, too.
    for computer in [&mut ana, &mut bo] {
        computer.stop();
    }
    for computer in [&mut ana, &mut bo, &mut cai] {
        computer.start();
    }
    together(&[&ana, &bo, &cai], &names);
    let later = [&ana, &bo, &cai].map(|computer| computer.share("A few days later."));
    for computer in [&ana, &bo, &cai] {
        for story in &later {
            arrives(computer, story);
        }
    }
    for computer in [&mut ana, &mut bo, &mut cai] {
        computer.stop();
    }
    // A clock that is put back shows what was only hidden: this is not there any more.
    clock.set(0);
    for computer in [&ana, &bo, &cai] {
        not_here(computer, &fades);
        arrives(computer, &kept);
    }
}

#[test]
fn a_clock_that_jumps_and_comes_back_hides_for_as_long_and_loses_nothing() {
    let clock = Clock::new();
    let mut ana = clock.of("Ana");
    ana.found("Tuesday circle");
    let fades = text(
        &ana.data_from(MARKER, &["share", "--fade", "1d", "-"]),
        "id",
    );
    clock.set(400 * DAY);
    not_here(&ana, &fades);
    ana.stop();
    not_here(&ana, &fades);
    clock.set(0);
    arrives(&ana, &fades);
}

#[test]
fn a_home_that_was_left_alone_for_long_enough_is_locked_when_somebody_comes_back() {
    let clock = Clock::new();
    let mut ana = clock.computer();
    let file = ana.file("passphrase", "blue door");
    ana.always(&["--passphrase-file", &file]);
    ana.data(&["setup", "--name", "Ana"]);
    ana.found("Tuesday circle");
    ana.data(&["lock", "--after", "15m"]);
    clock.set(HOUR / 6);
    ana.data(&["list"]);
    clock.set(HOUR / 6 + HOUR / 3);
    let refused = ana.refused("", &["list"]);
    assert_eq!((refused.exit, refused.code.as_str()), (4, "locked"));
    // It drops its keys as soon as it gets to it.
    until("it is locked", || {
        let status = ana.data(&["status"]);
        (status["locked"] == true).then_some(()).ok_or(status)
    });
    assert_eq!(ana.data(&["unlock"])["locked"], false);
    assert_eq!(ana.only()["name"], "Tuesday circle");
}
