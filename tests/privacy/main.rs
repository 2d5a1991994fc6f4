//! What may never be seen from outside: a whole story with words that can be told from all others, and
//! then a look through every log line, every file and everything that the system shows of the nodes.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, what is not as expected ends it"
)]

mod thief;

use circlet_tests::nodes::{Computer, list, text, together, until};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const PROGRAM: &str = env!("CARGO_BIN_EXE_circlet");

const CIRCLE: &str = "Zanzibar-Quilting";
const STORY: &str = "Xylophone-Marmalade, said nobody but me.";
const NOTE: &str = "Tangerine-Lighthouse";
const RESPONSE: &str = "Periwinkle-Harmonica for you.";
const PASSPHRASE: &str = "Obsidian-Waterfall-Cardigan";
const NAMES: [&str; 3] = ["Anastasiyablue", "Bartholomewred", "Cassandragreen"];

/// The words that mark what is private, however the words around them are cut.
const MARKS: [&str; 8] = [
    "Zanzibar",
    "Xylophone",
    "Tangerine",
    "Periwinkle",
    "Obsidian",
    "Anastasiya",
    "Bartholomew",
    "Cassandra",
];

/// What the story left behind, to be looked through.
struct Left {
    computers: [Computer; 3],
    /// Ids and the groups of invite keys.
    secrets: Vec<String>,
    /// Bytes that are in no file.
    hidden: [Vec<u8>; 2],
}

#[test]
fn nothing_private_is_in_a_log_a_file_or_the_list_of_processes() {
    let Left {
        mut computers,
        secrets,
        hidden,
    } = story();
    let needles: Vec<&[u8]> = MARKS
        .iter()
        .map(|mark| mark.as_bytes())
        .chain(secrets.iter().map(String::as_bytes))
        .chain(hidden.iter().map(Vec::as_slice))
        .collect();
    for computer in &computers {
        shows_nothing(computer, &secrets);
        for name in ["node.sock", "keys", "identity", "pages", "lock"] {
            assert_eq!(mode(&computer.home().join(name)), 0o600, "{name}");
        }
    }
    for computer in &mut computers {
        computer.stop();
        let log = computer.log();
        assert!(log.contains("circlet_"), "it logs at all: {log}");
        for line in log.lines() {
            is_ours(line);
            assert!(!holds_address(line), "an address: {line}");
            assert!(!holds_id(line), "an id or a key: {line}");
        }
        for secret in MARKS
            .iter()
            .copied()
            .chain(secrets.iter().map(String::as_str))
        {
            assert!(
                !log.to_lowercase().contains(&secret.to_lowercase()),
                "{secret}: {log}"
            );
        }
        looks_sealed(computer.home(), &needles);
    }
}

/// Lives through everything that leaves traces; one home of the three has a passphrase.
fn story() -> Left {
    let mut computers = NAMES.map(|name| {
        let mut computer = Computer::bare(PROGRAM);
        computer.set("CIRCLET_LOG", "trace");
        computer.set("RUST_LOG", "trace");
        if name == NAMES[0] {
            let file = computer.file("passphrase", PASSPHRASE);
            computer.always(&["--passphrase-file", &file]);
            computer.data(&["setup", "--name", name]);
        } else {
            computer.data(&["setup", "--name", name, "--no-passphrase"]);
        }
        computer
    });
    let [ana, bo, cai] = &mut computers;
    let circle = ana.found(CIRCLE);
    let invite = ana.data(&["invite", "--uses", "2", "--history", "all"]);
    let key = text(&invite, "key");
    let note = ana.file("note", NOTE);
    let story = ana.data_from(STORY, &["share", "-", "--note-file", &note]);
    bo.start();
    bo.data_from(&key, &["join", "-"]);
    together(&[&*ana, &*bo], &[NAMES[0], NAMES[1]]);
    // A join that waits, one that is refused, a peer that vanishes and comes again.
    ana.kill();
    let shown = text(&bo.data(&["invite", "show"]), "key");
    cai.start();
    assert_eq!(cai.refused(&key[..60], &["join", "-"]).exit, 1);
    cai.data_from(&shown, &["join", "-"]);
    together(&[&*bo, &*cai], &NAMES);
    ana.start();
    let id = text(&story, "id");
    until("the story arrives", || {
        let output = cai.output("", &["read", &id]);
        output.status.success().then_some(()).ok_or("not here")
    });
    let response = cai.data_from(RESPONSE, &["respond", &id, "-"]);
    together(&[&*ana, &*bo, &*cai], &NAMES);
    // Of the ids, those of things and people stand in the store's keys as they are; these do not.
    let hidden = [&circle, &text(&invite, "id")].map(|id| from_hex(id).unwrap());
    let mut secrets = vec![circle, text(&invite, "id"), text(&response, "id"), id];
    for key in [&key, &shown] {
        secrets.extend(key.split('-').skip(1).map(str::to_owned));
    }
    let people = ana.data(&["members"]);
    secrets.extend(list(&people, "members").iter().map(|it| text(it, "id")));
    secrets.push(text(&ana.only(), "digest"));
    // The first bytes of an id tell as much as the whole.
    let short: Vec<String> = secrets
        .iter()
        .filter(|it| it.len() > 16)
        .map(|it| it[..16].to_owned())
        .collect();
    secrets.extend(short);
    Left {
        computers,
        secrets,
        hidden,
    }
}

/// Looks at what the system shows of a node.
fn shows_nothing(computer: &Computer, secrets: &[String]) {
    for name in ["environ", "cmdline", "comm"] {
        let bytes = match std::fs::read(format!("/proc/{}/{name}", computer.pid())) {
            // A node's environment is shown to nobody but the system's own account.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => continue,
            found => found.unwrap(),
        };
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        for secret in MARKS
            .iter()
            .copied()
            .chain(secrets.iter().map(String::as_str))
        {
            assert!(!shown.contains(secret), "{name} shows {secret}");
        }
    }
}

/// Looks through every file of a home: none holds anything in clear, and only its owner may look.
fn looks_sealed(folder: &Path, needles: &[&[u8]]) {
    assert_eq!(mode(folder), 0o700, "{}", folder.display());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if folder.ends_with("home") {
                looks_sealed_inside(&path, needles);
            }
            continue;
        }
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        is_sealed(&path, needles);
    }
}

/// Looks through a folder whose parent keeps everybody else out.
fn looks_sealed_inside(folder: &Path, needles: &[&[u8]]) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            looks_sealed_inside(&path, needles);
        } else {
            is_sealed(&path, needles);
        }
    }
}

fn is_sealed(path: &Path, needles: &[&[u8]]) {
    let bytes = std::fs::read(path).unwrap();
    for needle in needles {
        let first = needle[0];
        let mut starts = (0..bytes.len()).filter(|&at| bytes[at] == first);
        let found = starts.any(|at| bytes[at..].starts_with(needle));
        let shown = String::from_utf8_lossy(needle);
        assert!(!found, "{} holds {shown:?}", path.display());
    }
}

/// Checks that a log line is of a target of our own.
fn is_ours(line: &str) {
    let levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];
    let mut words = line.split_whitespace();
    let level = words.nth(1).unwrap_or_default();
    let target = words.next().unwrap_or_default();
    assert!(levels.contains(&level), "no log line: {line}");
    assert!(target.starts_with("circlet"), "a library's line: {line}");
    assert_ne!(level, "ERROR", "nothing here is a fault of our own: {line}");
}

/// Returns what a line says behind its target.
fn said(line: &str) -> &str {
    line.split_once(": ").map_or(line, |(_, said)| said)
}

/// Whether a line holds an IP address, alone or with a port, or the beginning of a multiaddress.
fn holds_address(line: &str) -> bool {
    let rest = said(line);
    let ip4 = rest
        .split(|c: char| !c.is_ascii_digit() && c != '.')
        .any(|word| word.trim_matches('.').parse::<std::net::Ipv4Addr>().is_ok());
    let ip6 = rest
        .split(|c: char| !c.is_ascii_hexdigit() && c != ':')
        .any(|word| {
            word.len() > 3 && !word.ends_with(':') && word.parse::<std::net::Ipv6Addr>().is_ok()
        });
    ip4 || ip6
        || ["/ip4", "/ip6", "/tcp/", "/udp/", "12D3Koo"]
            .iter()
            .any(|it| rest.contains(it))
}

/// Whether a line holds what looks like an id or a key: many symbols of one alphabet in a row.
fn holds_id(line: &str) -> bool {
    let rest = said(line);
    let hex = rest
        .split(|c: char| !c.is_ascii_hexdigit())
        .any(|word| word.len() >= 16 && word.contains(|c: char| c.is_ascii_digit()));
    let symbols = rest
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word.len() >= 24 && word.contains(|c: char| c.is_ascii_digit()));
    // A list of bytes, as `Debug` would show a key.
    let bytes = rest.split('[').skip(1).any(|list| {
        list.split(',')
            .take(8)
            .filter(|it| it.trim().parse::<u8>().is_ok())
            .count()
            >= 8
    });
    hex || symbols || bytes
}

#[test]
fn what_the_look_looks_for_is_found() {
    for line in [
        "t: dial 127.0.0.1:4001",
        "t: at /ip4/10.0.0.1",
        "t: from [fe80::1]:1",
        "t: peer 12D3KooWxyz",
    ] {
        assert!(holds_address(line), "{line}");
    }
    for line in [
        "t: circle 00112233445566778899aabbccddeeff",
        "t: key 9aZ8bY7cX6dW5eV4fU3gT2hS1iR0",
        "t: Id([1, 2, 3, 4, 5, 6, 7, 8, 9])",
    ] {
        assert!(holds_id(line), "{line}");
    }
    let fine =
        "2026-01-01T10:00:00.123456Z DEBUG circlet_node::driver: a replica reports event=Joined(2)";
    assert!(!holds_address(fine) && !holds_id(fine));
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    pairs.map(byte).collect()
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
