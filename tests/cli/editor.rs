//! Words written in an editor: none are lost, whatever stands in the way of sending them.

use super::command;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tempfile::TempDir;

/// A home at a terminal, with an editor that is a shell script.
struct Desk {
    place: TempDir,
    /// The member's end of the terminal, which stays open.
    _ours: File,
    theirs: File,
}

impl Desk {
    /// Returns a desk whose home is in these circles.
    fn new(circles: &[&str]) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let desk = Self {
            place: tempfile::tempdir().unwrap(),
            _ours: ours.into(),
            theirs: theirs.into(),
        };
        desk.run("", &["setup", "--name", "Ana", "--no-passphrase"]);
        for circle in circles {
            desk.run("", &["new", circle]);
        }
        desk
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    /// Runs a command at the terminal. The editor runs this script, with the draft in `$1`.
    fn run(&self, script: &str, args: &[&str]) -> Output {
        let editor = self.place.path().join("editor");
        std::fs::write(&editor, script).unwrap();
        let mut command = command(&self.home());
        command
            .args(args)
            .env("EDITOR", format!("sh {}", editor.display()))
            .current_dir(self.place.path())
            .stdin(Stdio::from(self.theirs.try_clone().unwrap()));
        command.output().unwrap()
    }

    /// Returns how many drafts there are.
    fn drafts(&self) -> usize {
        let run = std::fs::read_dir(self.home().join("run"));
        run.into_iter().flatten().flatten().count()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Returns the file that the message names.
fn named(output: &Output) -> PathBuf {
    let said = said(output);
    let path = said
        .lines()
        .find_map(|line| line.strip_prefix("Your words are kept in "));
    PathBuf::from(path.unwrap_or_else(|| panic!("{said}")))
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_written_is_shared_and_nothing_stays_behind() {
    let desk = Desk::new(&["Tuesday"]);
    let shared = desk.run("echo One. > \"$1\"; cp \"$1\" \"$1~\"", &["share"]);
    assert!(shared.status.success(), "{shared:?}");
    assert_eq!(desk.drafts(), 0);
    let read = desk.run("", &["read"]);
    let read = String::from_utf8(read.stdout).unwrap();
    assert!(read.contains("One."), "{read}");
    let answered = desk.run("echo Two. > \"$1\"", &["respond", &read[..8]]);
    assert!(answered.status.success(), "{answered:?}");
    assert_eq!(desk.drafts(), 0);
}

#[test]
fn the_editor_opens_with_the_words_that_are_to_be_edited() {
    let desk = Desk::new(&["Tuesday"]);
    desk.run("echo One. > \"$1\"", &["share"]);
    let read = |desk: &Desk| String::from_utf8(desk.run("", &["read"]).stdout).unwrap();
    let first = read(&desk);
    let same = desk.run("true", &["edit", &first[..8]]);
    assert_eq!(same.status.code(), Some(3), "{same:?}");
    assert_eq!((desk.drafts(), read(&desk)), (0, first.clone()));
    let left = desk.run("exit 1", &["edit", &first[..8]]);
    assert_eq!((left.status.code(), desk.drafts()), (Some(3), 0));
    let edited = desk.run("echo Two. >> \"$1\"", &["edit", &first[..8]]);
    assert!(edited.status.success(), "{edited:?}");
    let second = read(&desk);
    assert!(second.contains("    One.\n    Two."), "{second}");
    // What would help may change while the words stay.
    let asked = desk.run("true", &["edit", &second[..8], "--ask", "ideas"]);
    assert!(asked.status.success(), "{asked:?}");
    let third = read(&desk);
    assert!(third.contains("Ideas are welcome."), "{third}");
    assert!(third.contains("(edited)") && third.contains("    One.\n    Two."));
    assert_eq!(desk.drafts(), 0);
}

#[test]
fn what_stands_in_the_way_is_told_before_the_editor_opens() {
    let desk = Desk::new(&["Tuesday", "Thursday"]);
    let note = desk.place.path().join("note");
    std::fs::write(&note, "x".repeat(257)).unwrap();
    let note = note.to_str().unwrap();
    for (args, exit) in [
        (&["share"][..], 1),
        (&["share", "--circle", "Sunday"], 6),
        (&["share", "--circle", "Tuesday", "--note-file", note], 1),
        (&["respond", "01234567"], 6),
        (&["edit", "01234567"], 6),
    ] {
        let output = desk.run("echo words > \"$1\"; touch opened", args);
        assert_eq!(output.status.code(), Some(exit), "{args:?} {output:?}");
        assert!(!desk.place.path().join("opened").exists(), "{args:?}");
    }
    let chosen = desk.run("echo words > \"$1\"", &["share", "--circle", "Tuesday"]);
    assert!(chosen.status.success(), "{chosen:?}");
}

#[test]
fn words_that_could_not_be_sent_are_kept_and_named() {
    let desk = Desk::new(&["Tuesday"]);
    let much = "head -c 300000 /dev/zero | tr '\\0' x > \"$1\"";
    for (script, exit) in [
        (much, 1),
        ("echo My words. > \"$1\"; exit 3", 3),
        ("printf '\\377' > \"$1\"", 1),
        (
            "echo My words. > \"$1\"; mv \"$CIRCLET_HOME/keys\" \"$CIRCLET_HOME/gone\"",
            1,
        ),
    ] {
        let output = desk.run(script, &["share"]);
        assert_eq!(output.status.code(), Some(exit), "{output:?}");
        let file = named(&output);
        assert!(file.starts_with(desk.home()) && file.metadata().unwrap().len() > 0);
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    std::fs::rename(desk.home().join("gone"), desk.home().join("keys")).unwrap();
    assert_eq!(desk.drafts(), 4);
    let status = said(&desk.run("", &["status"]));
    assert_eq!(
        status.matches("A draft from today is still here: ").count(),
        4,
        "{status}"
    );
}

#[test]
fn a_command_that_is_ended_while_somebody_writes_leaves_the_draft() {
    for signal in ["HUP", "TERM", "KILL"] {
        let desk = Desk::new(&["Tuesday"]);
        let script = format!("echo My words. > \"$1\"; kill -{signal} $PPID");
        assert_eq!(desk.run(&script, &["share"]).status.code(), None);
        let said = said(&desk.run("exit 1", &["share"]));
        let (_, path) = said
            .split_once("A draft from today is still here: ")
            .unwrap();
        let path = path.lines().next().unwrap();
        assert_eq!(std::fs::read(path).unwrap(), b"My words.\n");
    }
}

#[test]
fn an_editor_that_returns_at_once_can_still_save() {
    let desk = Desk::new(&["Tuesday"]);
    let output = desk.run("", &["share"]);
    assert_eq!(output.status.code(), Some(3));
    let said = said(&output);
    let path = said
        .split_once("- < ")
        .unwrap()
        .1
        .split_once('`')
        .unwrap()
        .0;
    assert_eq!(std::fs::read(path).unwrap(), b"");
    std::fs::write(path, "Later.").unwrap();
    let mut share = command(&desk.home());
    share.args(["share", "-"]).stdin(File::open(path).unwrap());
    let again = share.output().unwrap();
    assert!(again.status.success(), "{again:?}");
}

#[test]
fn the_home_is_free_while_somebody_writes() {
    let desk = Desk::new(&["Tuesday"]);
    let script = format!(
        "\"{}\" list > listed < /dev/null; echo One. > \"$1\"",
        env!("CARGO_BIN_EXE_circlet")
    );
    let shared = desk.run(&script, &["share"]);
    assert!(shared.status.success(), "{shared:?}");
    let listed = std::fs::read_to_string(desk.place.path().join("listed")).unwrap();
    assert!(listed.contains("Tuesday"), "{listed}");
}

#[test]
fn an_agreement_is_begun_with_sentences_and_opens_with_what_it_says() {
    let desk = Desk::new(&["Tuesday"]);
    let closed = desk.run("true", &["agreement", "edit"]);
    assert_eq!(closed.status.code(), Some(3), "{closed:?}");
    assert!(said(&closed).starts_with("The sentences were not saved in the editor, so no"));
    assert!(said(&closed).contains("save them there before you close it"));
    let none = String::from_utf8(desk.run("", &["agreement"]).stdout).unwrap();
    assert!(
        none.contains("no agreement yet") && desk.drafts() == 0,
        "{none}"
    );
    let without_one = "grep -v fixing \"$1\" > \"$1~\"; mv \"$1~\" \"$1\"";
    let begun = desk.run(without_one, &["agreement", "edit"]);
    assert!(begun.status.success(), "{begun:?}");
    assert!(said(&begun).starts_with("It is there, and the others are asked"));
    let shown = String::from_utf8(desk.run("", &["agreement"]).stdout).unwrap();
    assert!(shown.contains("  What is said here stays here.\n  We listen before we advise.\n"));
    assert!(!shown.contains("fixing") && shown.contains("You have agreed to it as it is now."));
    let changed = desk.run("echo We are kind. >> \"$1\"", &["agreement", "edit"]);
    assert!(changed.status.success(), "{changed:?}");
    let both = String::from_utf8(desk.run("", &["agreement", "show"]).stdout).unwrap();
    assert!(both.contains("  What is said here") && both.contains("  We are kind.\n"));
    let same = desk.run("", &["agreement", "edit"]);
    assert!(said(&same).contains("the same as before"), "{same:?}");
    let again = desk.run("", &["agreement", "agree"]);
    assert!(said(&again).contains("You have agreed to this already."));
    assert_eq!(desk.drafts(), 0);
}

#[test]
fn proposed_sentences_that_are_saved_as_they_are_begin_an_agreement() {
    let desk = Desk::new(&["Tuesday"]);
    let saved = desk.run(
        "cat \"$1\" > \"$1~\"; cat \"$1~\" > \"$1\"",
        &["agreement", "edit"],
    );
    assert!(saved.status.success(), "{saved:?}");
    let shown = String::from_utf8(desk.run("", &["agreement"]).stdout).unwrap();
    assert!(shown.contains("  No fixing unless asked.\n"), "{shown}");
    assert_eq!(desk.drafts(), 0);
}
