//! Passphrases typed at a terminal: nothing shows, nothing is half done, and Ctrl-C leaves the terminal as it
//! was.

use super::command;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};
use std::fs::File;
use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// What the member types.
const BLUE: &str = "blue door";
const RED: &str = "red door";
const CTRL_C: &str = "\u{3}";

const ASKED: &str = "Passphrase: ";
const AGAIN: &str = "The same again: ";
const NEW: &str = "The new passphrase: ";

/// A home and a terminal, with somebody who types.
struct Desk {
    place: TempDir,
    ours: File,
    theirs: File,
    /// Everything that the terminal showed.
    shown: String,
}

impl Desk {
    fn new() -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        Self {
            place: tempfile::tempdir().unwrap(),
            ours: ours.into(),
            theirs: theirs.into(),
            shown: String::new(),
        }
    }

    /// Returns a desk whose home has a passphrase.
    fn behind(passphrase: &str) -> Self {
        let mut desk = Self::new();
        desk.typing(SETUP, &[(ASKED, passphrase), (AGAIN, passphrase)])
            .well();
        desk
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    /// Runs a command in a session of its own at this terminal; answers each question with a line. What is
    /// typed never shows, and the terminal is afterwards as it was.
    fn typing(&mut self, args: &[&str], lines: &[(&str, &str)]) -> Ended {
        let before = self.modes();
        let circlet = command(&self.home());
        let mut session = Command::new("setsid");
        session.arg("--ctty").arg(circlet.get_program()).args(args);
        for (name, value) in circlet.get_envs() {
            match value {
                Some(value) => session.env(name, value),
                None => session.env_remove(name),
            };
        }
        session
            .stdin(Stdio::from(self.theirs.try_clone().unwrap()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child: Child = session.spawn().unwrap();
        let from = self.shown.len();
        for (question, line) in lines {
            self.wait_for(question, from);
            assert!(!self.modes().contains(LocalModes::ECHO), "{question}");
            let end = if *line == CTRL_C { "" } else { "\n" };
            write!(self.ours, "{line}{end}").unwrap();
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(self.modes(), before, "{output:?}");
        Ended(output)
    }

    /// Reads what the terminal shows until this question stands at its end.
    fn wait_for(&mut self, question: &str, from: usize) {
        let mut bytes = [0; 256];
        while !self.shown[from..].ends_with(question) {
            let read = self.ours.read(&mut bytes).unwrap();
            self.shown += std::str::from_utf8(&bytes[..read]).unwrap();
            for word in [BLUE, RED] {
                assert!(!self.shown.contains(word), "{}", self.shown);
            }
        }
    }

    fn modes(&self) -> LocalModes {
        tcgetattr(&self.theirs).unwrap().local_modes
    }
}

/// How a command ended.
struct Ended(Output);

impl Ended {
    #[track_caller]
    fn well(&self) {
        assert!(self.0.status.success(), "{:?}", self.0);
    }

    /// Checks the exit code, and that these words were said.
    #[track_caller]
    fn with(&self, exit: i32, words: &str) {
        assert_eq!(self.0.status.code(), Some(exit), "{:?}", self.0);
        let said = String::from_utf8_lossy(&self.0.stderr);
        assert!(said.contains(words), "{said}");
    }
}

const SETUP: &[&str] = &["setup", "--name", "Ana"];

#[test]
fn setting_up_asks_twice_and_shows_nothing() {
    let mut desk = Desk::behind(BLUE);
    desk.typing(&["list"], &[(ASKED, BLUE)]).well();
    let wrong = desk.typing(&["list"], &[(ASKED, RED)]);
    wrong.with(4, "That passphrase didn't open it. Capital letters matter.");
    // The terminal edits the line as always: a slip is taken back.
    desk.typing(&["list"], &[(ASKED, "blue dooe\u{7f}r")])
        .well();
    desk.typing(&["list"], &[(ASKED, "redd\u{15}blue door")])
        .well();
}

#[test]
fn two_that_differ_or_an_empty_one_set_nothing_up() {
    let mut desk = Desk::new();
    let differ = desk.typing(SETUP, &[(ASKED, BLUE), (AGAIN, RED)]);
    differ.with(1, "The two were not the same. Nothing was set up.");
    let empty = desk.typing(SETUP, &[(ASKED, "")]);
    empty.with(1, "The passphrase is empty. Nothing was set up.");
    assert!(!desk.home().exists());
    desk.typing(SETUP, &[(ASKED, RED), (AGAIN, RED)]).well();
    desk.typing(&["list"], &[(ASKED, RED)]).well();
}

#[test]
fn ctrl_c_leaves_nothing_half_done_and_the_terminal_as_it_was() {
    let mut desk = Desk::new();
    for lines in [&[(ASKED, CTRL_C)][..], &[(ASKED, BLUE), (AGAIN, CTRL_C)]] {
        desk.typing(SETUP, lines).with(130, "Stopped.");
        assert!(!desk.home().exists());
    }
    let mut desk = Desk::behind(BLUE);
    for lines in [
        &[(ASKED, CTRL_C)][..],
        &[(ASKED, BLUE), (NEW, CTRL_C)],
        &[(ASKED, BLUE), (NEW, RED), (AGAIN, CTRL_C)],
    ] {
        desk.typing(&["passphrase"], lines).with(130, "Stopped.");
    }
    desk.typing(&["start"], &[(ASKED, CTRL_C)])
        .with(130, "Stopped.");
    desk.typing(&["list"], &[(ASKED, BLUE)]).well();
}

#[test]
fn another_passphrase_is_asked_for_twice_once_the_old_one_opened_it() {
    let mut desk = Desk::behind(BLUE);
    let wrong = desk.typing(&["passphrase"], &[(ASKED, RED)]);
    wrong.with(4, "That passphrase didn't open it.");
    let differ = &[(ASKED, BLUE), (NEW, RED), (AGAIN, BLUE)];
    let differ = desk.typing(&["passphrase"], differ);
    differ.with(1, "The two were not the same. Nothing was changed.");
    desk.typing(&["list"], &[(ASKED, BLUE)]).well();
    let lines = &[(ASKED, BLUE), (NEW, RED), (AGAIN, RED)];
    desk.typing(&["passphrase"], lines).well();
    desk.typing(&["list"], &[(ASKED, RED)]).well();
}

#[test]
fn a_node_is_started_and_unlocked_by_what_is_typed() {
    let mut desk = Desk::behind(BLUE);
    let start = ["start", "--listen", "/ip4/127.0.0.1/tcp/0"];
    desk.typing(&start, &[(ASKED, RED)])
        .with(4, "That passphrase didn't open it.");
    desk.typing(&start, &[(ASKED, BLUE)]).well();
    let _stop = Stop(desk.home());
    // Whoever asks an open node types nothing.
    desk.typing(&["list"], &[]).well();
    desk.typing(&["lock"], &[]).well();
    desk.typing(&["list"], &[])
        .with(4, "`circlet unlock` opens it again.");
    desk.typing(&["unlock"], &[(ASKED, CTRL_C)])
        .with(130, "Stopped.");
    desk.typing(&["unlock"], &[(ASKED, RED)])
        .with(4, "That passphrase didn't open it.");
    desk.typing(&["list"], &[])
        .with(4, "`circlet unlock` opens it again.");
    desk.typing(&["unlock"], &[(ASKED, BLUE)]).well();
    desk.typing(&["list"], &[]).well();
}

/// Ends the node of a home, also when the test ends early.
struct Stop(PathBuf);

impl Drop for Stop {
    fn drop(&mut self) {
        // It may have stopped already, which is what is wanted.
        let _ = command(&self.0).arg("stop").output();
    }
}
