//! The contract of the command line: every command with its flags, the one line of JSON, the same
//! answers with a node and without one, and the variables that scripts set.

use super::{PROGRAM, computer, two};
use circlet_tests::nodes::{Computer, list, refusal, text, until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

/// Every command with what may stand behind it.
const COMMANDS: [(&str, &[&str]); 47] = [
    ("setup", &["--name", "--passphrase-file", "--no-passphrase"]),
    ("start", &["--listen", "--words-file"]),
    ("stop", &[]),
    ("lock", &["--after"]),
    ("unlock", &["--words-file"]),
    (
        "passphrase",
        &["--new-passphrase-file", "--no-passphrase", "--words-file"],
    ),
    ("node", &["run"]),
    ("node run", &["--listen", "--words-file"]),
    ("status", &[]),
    ("doctor", &[]),
    ("new", &["<NAME>"]),
    ("list", &[]),
    ("members", &["remove", "mute", "unmute", "role"]),
    ("members mute", &["<NAME>"]),
    ("members unmute", &["<NAME>"]),
    ("members remove", &["<NAME>", "--confirm"]),
    ("members role", &["<NAME>", "<ROLE>", "keeper", "member"]),
    ("welcome", &["[NAME]", "--not-now"]),
    ("leave", &["--confirm"]),
    (
        "invite",
        &[
            "--uses",
            "--expires",
            "--history",
            "--knock",
            "--qr",
            "list",
            "show",
            "stop",
        ],
    ),
    ("invite list", &[]),
    ("invite show", &["[ID]"]),
    ("invite stop", &["<ID>"]),
    ("join", &["[KEY|-]"]),
    ("settings", &["--fade", "--taken-back"]),
    (
        "share",
        &["[-]", "--ask", "--note-file", "--fade", "--draft"],
    ),
    ("drafts", &["list", "show", "send", "drop"]),
    ("drafts list", &[]),
    ("drafts show", &["<ID>"]),
    ("drafts send", &["<ID>"]),
    ("drafts drop", &["<ID>"]),
    ("crisis", &["edit"]),
    ("read", &["[ID]", "--all"]),
    ("respond", &["<ID>", "[-]"]),
    ("gesture", &["<ID>", "<GESTURE>", "--take-back"]),
    ("take-back", &["<ID>", "--yes"]),
    ("words", &["show", "check"]),
    ("words show", &["--yes"]),
    ("words check", &["--words-file"]),
    ("restore", &["--words-file", "--name", "--no-passphrase"]),
    ("device", &["add", "list", "remove"]),
    ("device add", &["--qr", "--confirm"]),
    ("device list", &[]),
    ("device remove", &["<ID>", "--confirm"]),
    ("demo", &["--keep"]),
    ("completions", &[]),
    ("help", &[]),
];

/// What may stand beside every one of them.
const EVERYWHERE: [&str; 4] = ["--json", "--passphrase-file", "--no-input", "--circle"];

#[test]
fn every_command_is_there_with_its_flags() {
    let bare = Computer::bare(PROGRAM);
    for (command, parts) in COMMANDS {
        let args: Vec<&str> = command.split(' ').chain(["--help"]).collect();
        let output = bare.command(&args).output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        let help = String::from_utf8(output.stdout).unwrap();
        for part in parts.iter().chain(&EVERYWHERE) {
            assert!(help.contains(part), "{command} {part}:\n{help}");
        }
    }
    assert!(!bare.home().exists(), "asking for help touches nothing");
}

#[test]
fn answers_are_the_same_with_a_node_and_without() {
    let without = shapes(&computer("Ana"));
    let mut running = computer("Ana");
    running.start();
    assert_eq!(shapes(&running), without);
}

/// Runs every command once; returns the fields of each answer.
fn shapes(ana: &Computer) -> Vec<(&'static str, Vec<String>)> {
    let mut seen = Vec::new();
    let mut note = |command, value: &Value| seen.push((command, fields(value)));
    let new = ana.data(&["new", "Tuesday circle"]);
    note("new", &new);
    assert!(is_id(&new["id"]));
    let options = [
        "--uses",
        "3",
        "--expires",
        "12h",
        "--history",
        "30d",
        "--qr",
    ];
    let invite = ana.data(&[&["invite"], &options[..]].concat());
    note("invite", &invite);
    let id = text(&invite, "id");
    for args in [
        vec!["invite", "show"],
        vec!["invite", "show", &id],
        vec!["invite", "show", &id, "--qr"],
    ] {
        let shown = ana.data(&args);
        assert_eq!(shown["id"], invite["id"]);
        assert!(text(&shown, "key").len() <= 150);
        assert_eq!(fields(&shown), fields(&invite));
    }
    let listed = &ana.data(&["invite", "list"])["invites"][0];
    note("invite list", listed);
    assert_eq!(
        (&listed["uses"], &listed["history"]),
        (&json!(3), &json!("30d"))
    );
    note("join", &ana.data_from(&text(&invite, "key"), &["join"]));
    note("join", &ana.data(&["join", &text(&invite, "key")]));
    note("invite stop", &ana.data(&["invite", "stop", &id]));

    seen.extend(of_stories(ana));
    let mut note = |command, value: &Value| seen.push((command, fields(value)));
    let status = ana.data(&["status"]);
    note("status", &status);
    note("circle", &status["circles"][0]);
    note("member", &status["circles"][0]["members"][0]);
    note("list", &ana.data(&["list"])["circles"][0]);
    note("members", &ana.data(&["members"])["members"][0]);
    note("check", &ana.data(&["doctor"])["checks"][0]);
    let added = ana.data(&["device", "add"]);
    assert!(text(&added, "key").len() <= 150);
    note("device add", &added);
    let devices = ana.data(&["device", "list"]);
    note("device list", &devices);
    note("device", &devices["devices"][0]);
    note("words show", &ana.data(&["words", "show", "--yes"]));
    note("leave", &ana.data(&["leave"]));
    assert_eq!(ana.refused("", &["read", "ffffffffffff"]).exit, 6);
    assert_eq!(ana.refused("", &["frobnicate"]).exit, 2);
    seen
}

/// Shares, reads and responds in every way; returns the fields of each answer.
fn of_stories(ana: &Computer) -> Vec<(&'static str, Vec<String>)> {
    let mut seen = Vec::new();
    let mut note = |command, value: &Value| seen.push((command, fields(value)));
    let about = ana.file("note", "grief\n");
    let mut story = String::new();
    for ask in ["listen", "experience", "ideas", "ask-first"] {
        let args = ["share", "-", "--ask", ask, "--note-file", &about];
        let shared = ana.data_from("Once.", &args);
        note("share", &shared);
        story = text(&shared, "id");
        let read = ana.data(&["read", &story]);
        assert_eq!(
            (&read["stories"][0]["ask"], &read["stories"][0]["note"]),
            (&json!(ask), &json!("grief"))
        );
    }
    note("share", &ana.data_from("No note, no wish.", &["share"]));
    note(
        "respond",
        &ana.data_from("With you.", &["respond", &story, "-"]),
    );
    for args in [&["read"][..], &["read", "--all"], &["read", &story]] {
        let read = ana.data(args);
        note("read", &read);
        for story in list(&read, "stories") {
            note("story", story);
            for response in list(story, "responses") {
                note("response", response);
            }
        }
    }
    let edited = ana.data_from("Twice.", &["edit", &story, "-"]);
    note("edit", &edited);
    story = text(&edited, "id");
    let kept = ana.data_from("Not yet.", &["share", "-", "--draft"]);
    note("share", &kept);
    note("draft", &ana.data(&["drafts"])["drafts"][0]);
    let kept = text(&kept, "id");
    note("draft", &ana.data(&["drafts", "show", &kept]));
    note("share", &ana.data(&["drafts", "send", &kept]));
    note("card", &ana.data(&["crisis"]));
    note(
        "card",
        &ana.data_from("Helps: Tea.", &["crisis", "edit", "-"]),
    );
    note("settings", &ana.data(&["settings", "--fade", "30d"]));
    note("take-back", &ana.data(&["take-back", &story]));
    seen
}

#[test]
fn the_fields_are_the_ones_that_scripts_know() {
    let seen: BTreeSet<(&str, String)> = shapes(&computer("Ana"))
        .into_iter()
        .map(|(command, fields)| (command, fields.join(" ")))
        .collect();
    let seen: Vec<String> = seen
        .iter()
        .map(|(command, fields)| format!("{command}: {fields}"))
        .collect();
    assert_eq!(
        seen,
        [
            "card: agreed call helps people",
            "check: check ok sentence",
            "circle: connected digest entries id in_step_with members name sentence state waiting \
             words",
            "device: active here id since",
            "device add: key sentence until",
            "device list: devices until waiting",
            "draft: about ask circle fade id kind note saved text",
            "edit: id",
            "invite: id key sentence",
            "invite list: by expires history id knock open used uses",
            "invite stop: id",
            "join: circle name sentence state words",
            "leave: id name",
            "list: id name sentence state",
            "member: me name",
            "members: asked_out devices id me muted name role since words",
            "new: id name",
            "read: gaps reached since stories",
            "read: gaps since stories",
            "respond: id",
            "response: author id text written",
            "settings: fade may_change name tells",
            "share: id",
            "status: backup circles locked running",
            "story: ask author edited fades gestures id note responses text written",
            "take-back: gone id kind sentence",
            "words show: cards words",
        ]
    );
}

#[test]
fn sharing_says_who_gets_it_now() {
    let (mut ana, mut bo) = two();
    let connected = |count: usize| {
        until("so many are connected", || {
            let circle = ana.only();
            let now = list(&circle, "connected").len();
            (now == count).then_some(()).ok_or(circle)
        });
        let words = std::fs::File::open(ana.file("words", "Once.")).unwrap();
        let output = ana.command(&["share", "-"]).stdin(words).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let said = connected(1);
    assert!(said.contains("It goes to Bo now"), "{said}");
    bo.stop();
    let said = connected(0);
    assert!(said.contains("Nobody else is connected now"), "{said}");
    ana.stop();
}

#[test]
fn words_never_come_from_the_command_line() {
    let ana = computer("Ana");
    ana.data(&["new", "Tuesday circle"]);
    let story = ana.share("Once.");
    for args in [
        &["share", "My story"][..],
        &["share", "--text", "My story"],
        &["share", "--note", "grief"],
        &["respond", &story, "My answer"],
        &["status", "--passphrase", "words"],
    ] {
        let refused = ana.refused("", args);
        assert_eq!(
            (refused.exit, refused.code.as_str()),
            (2, "usage"),
            "{args:?}"
        );
    }
    let key = text(&ana.data(&["invite"]), "key");
    let output = ana.command(&["join", &key]).output().unwrap();
    let warning = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && warning.starts_with("A word of warning"),
        "{warning}"
    );
    assert!(!warning.contains(&key));
}

#[test]
fn the_variables_are_honoured() {
    let mut ana = computer("Ana");
    assert!(ana.home().join("keys").exists());
    let socket = ana.folder().join("run").join("ours.sock");
    ana.set("CIRCLET_SOCKET", socket.to_str().unwrap());
    ana.set("CIRCLET_LOG", "debug");
    ana.found("Tuesday circle");
    assert_eq!(ana.data(&["status"])["running"], true);
    assert_eq!(mode(&socket), 0o600);
    assert_eq!(mode(socket.parent().unwrap()), 0o700);
    assert!(!ana.home().join("node.sock").exists());
    ana.stop();
    assert!(!socket.exists());
    ana.set("CIRCLET_LOG", "off");
    let before = ana.log().len();
    ana.start();
    ana.share("Quietly.");
    ana.stop();
    assert_eq!(ana.log().len(), before);
}

#[test]
fn the_home_is_the_platforms_folder_unless_told() {
    let bare = Computer::bare(PROGRAM);
    let run = |args: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command
            .args(args)
            .env_clear()
            .env("HOME", bare.folder())
            .env("XDG_DATA_HOME", bare.folder().join("given"));
        command.output().unwrap()
    };
    let output = run(&["setup", "--name", "Ana", "--no-passphrase", "--json"]);
    assert!(output.status.success(), "{output:?}");
    assert!(bare.folder().join("given/circlet/keys").exists());
    let again = refusal(&run(&[
        "setup",
        "--name",
        "Ana",
        "--no-passphrase",
        "--json",
    ]));
    assert_eq!((again.exit, again.code.as_str()), (1, "set-up-already"));
}

#[test]
fn the_background_node_answers_and_stops() {
    let ana = computer("Ana");
    ana.data(&["new", "Tuesday circle"]);
    let _stop = Stop(&ana);
    let listen = [
        "--listen",
        "/ip4/127.0.0.1/tcp/0",
        "--listen",
        "/ip4/127.0.0.1/udp/0/quic-v1",
    ];
    assert_eq!(
        ana.data(&[&["start"], &listen[..]].concat())["started"],
        true
    );
    assert_eq!(ana.data(&["start"])["started"], false);
    assert_eq!(ana.data(&["status"])["running"], true);
    assert_eq!(ana.data(&["stop"])["stopped"], true);
    assert_eq!(ana.data(&["status"])["running"], false);
    assert_eq!(
        ana.refused("", &["start", "--listen", "everywhere"]).exit,
        2
    );
}

#[test]
fn status_lists_who_is_in_it_now() {
    let (ana, bo) = two();
    let circle = ana.only();
    let names: Vec<String> = list(&circle, "members")
        .iter()
        .map(|it| text(it, "name"))
        .collect();
    assert_eq!(names, ["Ana", "Bo"]);
    assert!(is_id(&circle["id"]) && circle["entries"].is_u64());
    assert_eq!(circle["id"], bo.only()["id"]);
    let chosen = ana.data(&["status", "--circle", "tuesday CIRCLE"]);
    assert_eq!(chosen["circles"][0]["id"], circle["id"]);
    let cut_short = ana.data(&["status", "--circle", &text(&circle, "id")[..8]]);
    assert_eq!(cut_short["circles"][0]["id"], circle["id"]);
}

/// Ends the background node of a home, also when the test ends early.
struct Stop<'a>(&'a Computer);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        // It may have stopped already, which is what is wanted.
        let _ = self.0.output("", &["stop"]);
    }
}

fn fields(value: &Value) -> Vec<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

fn is_id(value: &Value) -> bool {
    let id = value.as_str().unwrap_or_default();
    id.len() >= 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
