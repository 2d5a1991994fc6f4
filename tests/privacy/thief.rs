//! A home that is locked or stopped, copied to another computer: it tells nothing without the passphrase,
//! in whatever way what it knows might be written.

use super::{CIRCLE, MARKS, NAMES, NOTE, PASSPHRASE, PROGRAM, RESPONSE, STORY};
use circlet_model::address::{Address, Transport};
use circlet_model::invitation::InviteKey;
use circlet_node::home::Home;
use circlet_node::identity::Identity;
use circlet_node::keystore::{Keystore, Passphrase};
use circlet_tests::nodes::{Computer, list, text, together, until};
use std::collections::HashMap;
use std::fs;
use std::path::Path;

/// The shortest spelling that is looked for: an address and a port. Anything shorter turns up by chance.
const SHORTEST: usize = 6;

/// How much of an id is looked for: nobody needs more to tell it again.
const OF_AN_ID: usize = 12;

/// Where both nodes listen.
const LISTEN: [&str; 2] = ["/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"];

/// What is looked for, by its first four bytes, each with what it is.
#[derive(Default)]
struct Needles(HashMap<[u8; 4], Vec<(Vec<u8>, String)>>);

impl Needles {
    /// Looks for a text, in every way it might be written.
    fn text(&mut self, what: &str, said: &str) {
        assert!(said.len() >= SHORTEST, "{said}");
        for said in [said.to_owned(), said.to_lowercase(), said.to_uppercase()] {
            let wide: Vec<u16> = said.encode_utf16().collect();
            let little = wide.iter().flat_map(|unit| unit.to_le_bytes());
            self.add(what, little.collect());
            self.add(
                what,
                wide.iter().flat_map(|unit| unit.to_be_bytes()).collect(),
            );
            self.bytes(what, said.as_bytes());
        }
    }

    /// Looks for bytes: as they are, in hexadecimal and in Base64.
    fn bytes(&mut self, what: &str, bytes: &[u8]) {
        let hex = bytes
            .iter()
            .fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        self.add(what, hex.to_uppercase().into_bytes());
        self.add(what, hex.into_bytes());
        for last in ["+/", "-_"] {
            for before in 0..3 {
                self.add(what, base64(bytes, before, last));
            }
        }
        self.add(what, bytes.to_vec());
    }

    /// Looks for an id by its beginning.
    fn id(&mut self, what: &str, id: &[u8]) {
        self.bytes(what, &id[..OF_AN_ID.min(id.len())]);
    }

    /// Looks for an address with its port, as text and in the forms it is stored in.
    fn address(&mut self, address: &Address) {
        let (ip, port) = (address.ip(), address.port());
        let kind = match address.transport() {
            Transport::Quic => "udp",
            Transport::Tcp => "tcp",
        };
        for said in [
            format!("{ip}:{port}"),
            format!("{kind}/{port}"),
            address.to_string(),
        ] {
            self.text("an address", &said);
        }
        self.bytes("an address", &address.to_bytes());
        if let std::net::IpAddr::V4(ip) = ip {
            for port in [port.to_be_bytes(), port.to_le_bytes()] {
                self.bytes("an address", &[&ip.octets()[..], &port].concat());
            }
        }
    }

    fn add(&mut self, what: &str, spelled: Vec<u8>) {
        if spelled.len() >= SHORTEST {
            let first = spelled[..4].try_into().unwrap();
            let of_first = self.0.entry(first).or_default();
            of_first.push((spelled, what.to_owned()));
        }
    }

    /// Returns what these bytes hold.
    fn found_in(&self, bytes: &[u8]) -> Option<&str> {
        (0..bytes.len().saturating_sub(3)).find_map(|at| {
            let first: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
            let mut here = self.0.get(&first)?.iter();
            here.find(|(spelled, _)| bytes[at..].starts_with(spelled))
                .map(|(_, what)| what.as_str())
        })
    }
}

/// Returns what bytes look like in Base64 when so many others stand before them, without the symbols at
/// the ends that depend on their neighbours.
fn base64(bytes: &[u8], before: usize, last: &str) -> Vec<u8> {
    let alphabet: Vec<u8> = (b'A'..=b'Z')
        .chain(b'a'..=b'z')
        .chain(b'0'..=b'9')
        .chain(last.bytes())
        .collect();
    let padded = [&vec![0; before][..], bytes].concat();
    let mut written = Vec::new();
    for three in padded.chunks(3) {
        let value = (0..3).fold(0_usize, |value, at| {
            value << 8 | usize::from(three.get(at).copied().unwrap_or_default())
        });
        let symbols = (0..four(three.len())).map(|at| alphabet[value >> (18 - 6 * at) & 63]);
        written.extend(symbols);
    }
    // A symbol holds six bits: the first and the last whole ones of our own.
    let from = (8 * before).div_ceil(6);
    let to = (8 * padded.len()) / 6;
    written[from..to].to_vec()
}

/// Returns how many symbols so many bytes of a group of three become.
fn four(bytes: usize) -> usize {
    bytes + 1
}

#[test]
fn what_the_thief_looks_for_would_be_found() {
    let mut needles = Needles::default();
    needles.text("a word", "Zanzibar");
    needles.id("an id", &[0xd3; 32]);
    let address: Address = "/ip4/192.0.2.7/tcp/40001".parse().unwrap();
    needles.address(&address);
    let with = |held: &[u8]| [&[1, 2, 3][..], held, &[4, 5]].concat();
    let wide: Vec<u8> = "Zanzibar"
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    for (held, what) in [
        (&b"at zanzibar"[..], "a word"),
        (&wide, "a word"),
        (b"5A616E7A69626172", "a word"),
        // "In Zanzibar." and two other beginnings.
        (b"SW4gWmFuemliYXIu", "a word"),
        (b"SSBaYW56aWJhci4=", "a word"),
        (b"WmFuemliYXIu", "a word"),
        (&[0xd3; 16], "an id"),
        (b"d3d3d3d3d3d3d3d3d3d3d3d3", "an id"),
        (b"/ip4/192.0.2.7/tcp/40001", "an address"),
        (&address.to_bytes(), "an address"),
    ] {
        let found = needles.found_in(&with(held));
        assert_eq!(found, Some(what), "{:?}", String::from_utf8_lossy(held));
    }
    assert_eq!(needles.found_in(&with(b"something else altogether")), None);
}

#[test]
fn a_home_that_was_taken_while_locked_or_stopped_tells_nothing() {
    let mut ana = Computer::bare(PROGRAM);
    ana.set("CIRCLET_LOG", "trace");
    let passphrase = ana.file("passphrase", PASSPHRASE);
    ana.always(&["--passphrase-file", &passphrase]);
    ana.data(&["setup", "--name", NAMES[0]]);
    let mut bo = Computer::of(PROGRAM, NAMES[1]);
    let _stop = Stop(ana.home().to_owned());
    // In the background, so that its log lies in the home, too.
    let start = ["start", "--listen", LISTEN[0], "--listen", LISTEN[1]];
    ana.data(&start);
    let mut needles = live(&ana, &mut bo);

    let folder = tempfile::tempdir().unwrap();
    let [locked, stopped] = ["locked", "stopped"].map(|name| folder.path().join(name));
    ana.data(&["lock"]);
    copy(ana.home(), &locked);
    ana.data(&["stop"]);
    copy(ana.home(), &stopped);
    bo.stop();
    // Whom the keys make the two, which no command shows.
    let mut known = 0;
    for (home, passphrase) in [(ana.home(), Some(PASSPHRASE)), (bo.home(), None)] {
        let passphrase = passphrase.map(Passphrase::from);
        let keystore = Keystore::open(&Home::at(home), passphrase.as_ref()).unwrap();
        let identity = Identity::load(&keystore).unwrap();
        needles.bytes("the master key", keystore.master().as_bytes());
        for hint in identity.hints() {
            let keys = identity.keys(hint).unwrap();
            needles.id("a circle", &hint);
            needles.id("a device", &keys.device.device().0);
            needles.id("a person", &keys.person.person().0);
            needles.id("a peer", &keys.peer.peer().0);
            for secret in [&keys.device, &keys.person, &keys.peer] {
                needles.bytes("a private key", &secret.to_secret().0);
            }
            known += 1;
        }
    }
    assert_eq!(known, 2);
    for copied in [&locked, &stopped] {
        tells_nothing(copied, &needles);
        opens_for_its_owner_alone(copied);
    }
}

/// Lets two people live through everything that leaves traces; returns what they know.
fn live(ana: &Computer, bo: &mut Computer) -> Needles {
    let mut needles = Needles::default();
    for said in MARKS {
        needles.text("a word", said);
    }
    let circle = ana.found_running(CIRCLE);
    let invite = ana.data(&["invite"]);
    let key = text(&invite, "key");
    bo.start_at(&LISTEN);
    bo.data_from(&key, &["join", "-"]);
    together(&[ana, bo], &NAMES[..2]);
    let note = ana.file("note", NOTE);
    let story = ana.data_from(STORY, &["share", "-", "--note-file", &note]);
    let id = text(&story, "id");
    until("the story arrives", || {
        let output = bo.output("", &["read", &id]);
        output.status.success().then_some(()).ok_or("not here")
    });
    let response = bo.data_from(RESPONSE, &["respond", &id, "-"]);
    together(&[ana, bo], &NAMES[..2]);

    let mut ids = vec![circle, id, text(&invite, "id"), text(&response, "id")];
    ids.push(text(&ana.only(), "digest"));
    let people = ana.data(&["members"]);
    ids.extend(list(&people, "members").iter().map(|it| text(it, "id")));
    let devices = ana.data(&["device", "list"]);
    ids.extend(list(&devices, "devices").iter().map(|it| text(it, "id")));
    for id in ids {
        needles.id("an id", &super::from_hex(&id).unwrap());
    }
    let mut places = 0;
    for key in [key, text(&bo.data(&["invite"]), "key")] {
        for group in key
            .split('-')
            .skip(1)
            .filter(|group| group.len() >= SHORTEST)
        {
            needles.text("an invite key", group);
        }
        for address in InviteKey::from_text(&key).unwrap().addresses() {
            needles.address(address);
            places += 1;
        }
    }
    assert!(places > 1);
    // A peer id as it is written, an address as it is written.
    needles.text("a peer", "12D3KooW");
    needles.text("an address", "/ip4/127");
    let words = text(&ana.data(&["words", "show", "--yes"]), "words");
    let words: Vec<&str> = words.split(' ').collect();
    for three in words.windows(3) {
        needles.text("the words", &three.join(" "));
    }
    needles
}

/// Copies a home as it lies there, but for its socket.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Looks through the names and the bytes of all files.
fn tells_nothing(folder: &Path, needles: &Needles) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().as_encoded_bytes();
        assert_eq!(needles.found_in(name), None, "{}", path.display());
        if path.is_dir() {
            tells_nothing(&path, needles);
        } else {
            let bytes = fs::read(&path).unwrap();
            assert_eq!(needles.found_in(&bytes), None, "{}", path.display());
        }
    }
}

/// Asks a copied home for everything: it is whole, and opens with the passphrase alone.
fn opens_for_its_owner_alone(home: &Path) {
    let mut thief = Computer::bare(PROGRAM);
    thief.live_at(home.to_owned());
    let wrong = thief.file("wrong", "Obsidian-Waterfall");
    for args in [
        &["status"][..],
        &["list"],
        &["read", "--all"],
        &["members"],
        &["device", "list"],
        &["invite", "show"],
        &["words", "show", "--yes"],
        &["passphrase", "--no-passphrase"],
        &["node", "run"],
        // A wrong one costs its time, so it is tried less often.
        &["read", "--passphrase-file", &wrong],
        &["passphrase", "--no-passphrase", "--passphrase-file", &wrong],
    ] {
        let refused = thief.refused("", args);
        assert_eq!(refused.exit, 4, "{args:?}: {refused:?}");
    }
    let right = thief.file("right", PASSPHRASE);
    thief.always(&["--passphrase-file", &right]);
    assert_eq!(thief.only()["name"], CIRCLE);
    assert_eq!(thief.stories()[0].1, STORY);
}

/// Ends the background node of a home, also when the test ends early.
struct Stop(std::path::PathBuf);

impl Drop for Stop {
    fn drop(&mut self) {
        let mut command = std::process::Command::new(PROGRAM);
        // It may have stopped already, which is what is wanted.
        let _ = command.arg("stop").env("CIRCLET_HOME", &self.0).output();
    }
}
