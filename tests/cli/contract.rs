//! What scripts rely on: the fields under `data`, the exit codes, words from stdin, files and editors.

use super::command;
use serde_json::Value;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A home that was set up, with one circle.
struct Home {
    place: TempDir,
    path: PathBuf,
}

impl Home {
    fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("home");
        let home = Self { place, path };
        home.data(&["setup", "--name", "Ana", "--no-passphrase"]);
        home.data(&["new", "Tuesday circle"]);
        home
    }

    /// Runs a command that has to end well; returns what stands under `data`.
    fn data(&self, args: &[&str]) -> Value {
        self.data_from("", args)
    }

    /// Does the same with words on stdin.
    fn data_from(&self, stdin: &str, args: &[&str]) -> Value {
        let output = with_stdin(
            command(&self.path).arg("--json").args(args),
            stdin.as_bytes(),
        );
        assert!(output.status.success(), "{args:?}: {output:?}");
        one_line(&output)["data"].clone()
    }

    /// Runs a command that must not end well; returns its exit code and what stands under `error`.
    fn error(&self, stdin: &[u8], args: &[&str]) -> (i32, Value) {
        let output = with_stdin(command(&self.path).arg("--json").args(args), stdin);
        let error = one_line(&output)["error"].clone();
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| message.ends_with(['.', '?']))
        );
        assert!(error["next"].is_string(), "{error}");
        (output.status.code().unwrap(), error)
    }
}

fn with_stdin(command: &mut Command, stdin: &[u8]) -> Output {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A command that reads nothing may have ended already.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    child.wait_with_output().unwrap()
}

fn one_line(output: &Output) -> Value {
    let text = std::str::from_utf8(&output.stdout).unwrap();
    assert_eq!(text.lines().count(), 1, "{output:?}");
    assert!(text.starts_with("{\"v\":1,\""), "{text}");
    serde_json::from_str(text).unwrap()
}

fn is_id(value: &Value) -> bool {
    let id = value.as_str().unwrap_or_default();
    id.len() >= 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn status_names_what_scripts_look_for() {
    let home = Home::new();
    let status = home.data(&["status"]);
    let circle = &status["circles"][0];
    assert!(is_id(&circle["id"]), "{circle}");
    assert_eq!(circle["name"], "Tuesday circle");
    assert_eq!(circle["members"][0]["name"], "Ana");
    assert!(
        circle["entries"].is_u64() && circle["digest"].is_string(),
        "{circle}"
    );
    assert!(
        circle["connected"].is_array() && circle["in_step_with"].is_array(),
        "{circle}"
    );
}

#[test]
fn what_is_shared_offline_is_read_back_whole() {
    let home = Home::new();
    let note = home.place.path().join("note.txt");
    std::fs::write(&note, "grief\n").unwrap();
    let story = "Schöner Tag heute.\n\nIt has \"quotes\", a\ttab and two paragraphs.";
    let note = note.to_str().unwrap();
    let args = ["share", "-", "--ask", "ideas", "--note-file", note];
    let shared = home.data_from(&format!("{story}\n"), &args);
    assert!(is_id(&shared["id"]), "{shared}");

    let id = shared["id"].as_str().unwrap();
    let answered = home.data_from("With you.", &["respond", id, "-"]);
    assert!(is_id(&answered["id"]));
    for args in [
        vec!["read"],
        vec!["read", "--all"],
        vec!["read", id],
        vec!["read", &id[..12]],
    ] {
        let read = home.data(&args);
        let read = &read["stories"][0];
        assert_eq!(read["id"], shared["id"], "{args:?}");
        assert_eq!(read["author"], "Ana");
        assert_eq!(read["text"], story);
        assert_eq!(read["ask"], "ideas");
        assert_eq!(read["note"], "grief");
        let response = &read["responses"][0];
        assert_eq!(response["id"], answered["id"]);
        assert_eq!(
            (&response["author"], &response["text"]),
            (&"Ana".into(), &"With you.".into())
        );
    }
}

#[test]
fn an_invite_gives_a_key_that_can_be_shown_and_stopped() {
    let home = Home::new();
    let invite = home.data(&[
        "invite",
        "--uses",
        "2",
        "--expires",
        "12h",
        "--history",
        "all",
    ]);
    let key = invite["key"].as_str().unwrap();
    assert!(key.len() <= 150 && key.to_uppercase() == key, "{key}");
    let id = invite["id"].as_str().unwrap();
    assert_eq!(home.data(&["invite", "show", id])["id"], invite["id"]);
    assert_eq!(home.data(&["invite", "show"])["id"], invite["id"]);
    let listed = home.data(&["invite", "list"]);
    let listed = &listed["invites"][0];
    assert_eq!(
        keys(listed),
        [
            "by", "expires", "history", "id", "knock", "open", "used", "uses"
        ]
    );
    assert_eq!(
        (&listed["open"], &listed["history"]),
        (&true.into(), &"all".into())
    );

    home.data(&["invite", "stop", id]);
    assert_eq!(home.data(&["invite", "list"])["invites"][0]["open"], false);
    assert_eq!(home.error(b"", &["invite", "show"]).0, 6);
}

#[test]
fn a_join_that_finds_nobody_is_pending() {
    let ana = Home::new();
    let key = ana.data(&["invite"])["key"].as_str().unwrap().to_owned();
    let bo = Home::new();
    for _ in 0..2 {
        let joined = bo.data_from(&format!("{key}\n"), &["join", "-"]);
        assert_eq!(joined["state"], "pending");
    }
    assert_eq!(bo.data(&["join", &key])["state"], "pending");
    assert_eq!(bo.data(&["status"])["circles"].as_array().unwrap().len(), 2);
    let own = ana.data_from(&key, &["join"]);
    assert_eq!(own["state"], "joined");
}

#[test]
fn each_way_to_end_has_its_code() {
    let home = Home::new();
    assert_eq!(home.error(b"", &["read", "ffffffffffff"]).0, 6);
    assert_eq!(home.error(b"", &["status", "--circle", "Another"]).0, 6);
    assert_eq!(home.error(b"", &["share", "-"]).0, 3);
    assert_eq!(home.error(b"\xff\xfe", &["share", "-"]).0, 1);
    assert_eq!(home.error(b"", &["invite", "--expires", "soon"]).0, 2);
    assert_eq!(home.error(b"", &["new"]).0, 2);
    let (code, error) = home.error(b"", &["join", "0123-4567-89AB"]);
    assert_eq!(code, 1, "{error}");
}

#[test]
fn leaving_goes_through_where_nobody_can_be_asked() {
    let home = Home::new();
    assert_eq!(home.data(&["leave"])["name"], "Tuesday circle");
    let status = home.data(&["status"]);
    assert_eq!(status["circles"][0]["state"], "left");
}

#[test]
fn a_passphrase_comes_from_a_file_only() {
    let place = tempfile::tempdir().unwrap();
    let file = |name: &str, words: &str| {
        let path = place.path().join(name);
        std::fs::write(&path, words).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (right, wrong) = (
        file("right", "a quiet place\n"),
        file("wrong", "a loud place\n"),
    );
    let home = place.path().join("home");
    let run = |args: &[&str]| {
        let output = command(&home).arg("--json").args(args).output().unwrap();
        one_line(&output);
        output.status.code().unwrap()
    };
    assert_eq!(run(&["setup", "--name", "Cai"]), 2);
    assert_eq!(
        run(&["setup", "--name", "Cai", "--passphrase-file", &right]),
        0
    );
    assert_eq!(run(&["status"]), 4);
    assert_eq!(run(&["doctor"]), 0, "that it is locked is what it finds");
    assert_eq!(run(&["status", "--passphrase-file", &wrong]), 4);
    assert_eq!(run(&["status", "--passphrase-file", &right]), 0);
    assert_eq!(run(&["start"]), 4);
    assert_eq!(run(&["start", "--passphrase-file", &wrong]), 4);
    let _stop = Stop(&home);
    let listen = [
        "--listen",
        "/ip4/127.0.0.1/tcp/0",
        "--passphrase-file",
        &right,
    ];
    assert_eq!(run(&[&["start"], listen.as_slice()].concat()), 0);
    assert_eq!(run(&["start"]), 0, "it runs already");
    assert_eq!(run(&["status"]), 0, "the node has the home open");
    assert_eq!(run(&["stop"]), 0);
    assert_eq!(run(&["stop"]), 0, "it has stopped already");
}

#[test]
fn a_link_to_the_page_is_new_every_time_and_opens_what_was_locked() {
    let home = Home::new();
    let _stop = Stop(&home.path);
    home.data(&["start", "--listen", "/ip4/127.0.0.1/tcp/0"]);
    let link = || {
        let open = home.data(&["open", "--no-browser"]);
        assert_eq!(keys(&open), ["opened", "url"]);
        assert_eq!(open["opened"], false);
        let url = open["url"].as_str().unwrap().to_owned();
        let (page, code) = url.split_once("open?code=").unwrap();
        assert!(page.starts_with("http://127.0.0.1:") && page.ends_with('/'));
        assert!(is_id(&code.into()) && is_id(&page.rsplit('/').nth(1).unwrap().into()));
        (page.to_owned(), code.to_owned())
    };
    let (first, second) = (link(), link());
    assert_eq!(first.0, second.0, "one page while it runs");
    assert_ne!(first.1, second.1);
    home.data(&["lock"]);
    assert_eq!(link().0, first.0);
    assert_eq!(home.data(&["status"])["locked"], false);
}

#[test]
fn before_a_home_is_set_up_the_page_does_that() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("home");
    let home = Home { place, path };
    let _stop = Stop(&home.path);
    assert!(home.data(&["open", "--no-browser"])["url"].is_string());
    assert_eq!(home.error(b"", &["status"]).1["code"], "not-set-up");
    assert_eq!(home.error(b"", &["new", "Tuesday"]).1["code"], "not-set-up");
    assert!(!home.path.join("keys").exists());
}

#[test]
fn the_page_of_a_home_with_a_passphrase_asks_for_it_itself() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("passphrase").display().to_string();
    std::fs::write(&file, "blue door").unwrap();
    let path = place.path().join("home");
    let home = Home { place, path };
    let _stop = Stop(&home.path);
    home.data(&["setup", "--name", "Ana", "--passphrase-file", &file]);
    assert!(home.data(&["open", "--no-browser"])["url"].is_string());
    assert_eq!(home.error(b"", &["list"]).1["code"], "locked");
    home.data(&["open", "--no-browser", "--passphrase-file", &file]);
    assert_eq!(home.data(&["list"])["circles"], serde_json::json!([]));
}

#[test]
fn the_doctor_looks_at_a_home_that_does_not_open() {
    let home = Home::new();
    let looked = |finding: &str| {
        let doctor = home.data(&["doctor"]);
        let checks = doctor["checks"].as_array().unwrap();
        assert!(checks.iter().any(|check| check["check"] == "space"));
        let last = checks.last().unwrap();
        assert_eq!(last["ok"], false);
        assert!(
            last["sentence"].as_str().unwrap().contains(finding),
            "{last}"
        );
    };
    let lock = std::fs::File::open(home.path.join("lock")).unwrap();
    lock.lock().unwrap();
    looked("already open");
    drop(lock);
    std::fs::remove_file(home.path.join("identity")).unwrap();
    looked("is damaged");
    std::fs::remove_file(home.path.join("keys")).unwrap();
    looked("is damaged");
    let again = ["setup", "--name", "Ana", "--no-passphrase"];
    assert_eq!(home.error(b"", &again).1["code"], "keys-damaged");
}

#[test]
fn leaving_asks_the_node_which_circle_is_meant() {
    let home = Home::new();
    home.data(&["new", "Tuesday"]);
    assert_eq!(home.error(b"", &["leave"]).1["code"], "which-circle");
    let status = home.data(&["status", "--circle", "tuesday circle"]);
    let id = status["circles"][0]["id"].as_str().unwrap();
    assert_eq!(
        home.data(&["leave", "--circle", "tuesday"])["name"],
        "Tuesday"
    );
    assert_eq!(
        home.data(&["leave", "--circle", &id[..8]])["name"],
        "Tuesday circle"
    );
}

#[test]
fn a_node_says_one_line_and_holds_its_home() {
    let home = Home::new();
    let mut node = command(&home.path);
    node.args(["node", "run", "--listen", "/ip4/127.0.0.1/tcp/0"])
        .stdout(Stdio::piped());
    let mut node = node.spawn().unwrap();
    let _stop = Stop(&home.path);
    let mut line = String::new();
    let mut stdout = std::io::BufReader::new(node.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut stdout, &mut line).unwrap();
    assert!(!line.trim().is_empty());
    assert_eq!(home.data(&["status"])["running"], true);
    let second = home.error(b"", &["node", "run"]);
    assert_eq!((second.0, &second.1["code"]), (1, &"already-open".into()));
    home.data(&["stop"]);
    assert!(node.wait().unwrap().success());
    line.clear();
    assert_eq!(
        std::io::BufRead::read_line(&mut stdout, &mut line).unwrap(),
        0,
        "{line}"
    );
}

/// Ends the node of a home, also when the test ends early.
struct Stop<'a>(&'a Path);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        // It may have stopped already, which is what is wanted.
        let _ = command(self.0).arg("stop").output();
    }
}

#[test]
fn an_agreement_comes_from_stdin_and_is_never_empty() {
    let home = Home::new();
    let none = home.data(&["agreement"]);
    assert_eq!(
        (&none["text"], &none["version"]),
        (&Value::Null, &"".into())
    );
    let (exit, error) = home.error(b"", &["agreement", "agree"]);
    assert_eq!((exit, &error["code"]), (1, &"no-agreement".into()));
    let begun = home.data_from("Anyone may pass.\n", &["agreement", "edit", "-"]);
    assert_eq!(begun["text"], "Anyone may pass.");
    let changed = home.data_from("Anyone may pass.\nWe listen.\n", &["agreement", "edit"]);
    assert_eq!(changed["text"], "Anyone may pass.\nWe listen.");
    assert_eq!(home.data(&["agreement", "show"]), changed);
    let (exit, error) = home.error(b"\n", &["agreement", "edit", "-"]);
    assert_eq!((exit, &error["code"]), (3, &"cancelled".into()));
}
