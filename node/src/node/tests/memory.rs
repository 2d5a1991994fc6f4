//! What is left in this process's memory once a home is locked: none of its keys.
//!
//! The keys are drawn in another process, and come here masked, so that nothing but the node itself brings
//! them into this one's memory.

use super::*;
use memchr::memmem;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::process::Command;

const NAME: &str = "node::tests::memory::no_key_is_left_in_memory_after_a_lock";

/// Set where this test only draws the keys: the home.
const HOME: &str = "CIRCLET_KEYS_OF";

/// What every byte of a key is changed by while it is only looked for.
const MASK: u8 = 0xa5;

/// How the lines begin that carry a key.
const LINE: &str = "masked ";

#[tokio::test(flavor = "multi_thread")]
async fn no_key_is_left_in_memory_after_a_lock() {
    if let Some(home) = std::env::var_os(HOME) {
        return draw(&Home::at(home)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    let keys = drawn(&home);
    assert_eq!(keys.len(), 4);

    let Started { end, node } = start_behind(&home).await;
    let client = connect(&home).await;
    assert_eq!(
        client.get("/v1/stories").await.unwrap()["stories"][0]["text"],
        "One."
    );
    assert!(
        !left_in_memory(&keys).is_empty(),
        "while it is open they are there, and the look finds them"
    );
    client::lock(&home).await.unwrap().unwrap();
    let left = left_in_memory(&keys);
    assert!(left.is_empty(), "{left:#?}");
    end.send(()).unwrap();
    node.await.unwrap().unwrap();
}

/// Makes the home of another process, and says its keys, masked.
async fn draw(home: &Home) {
    let passphrase = Passphrase::from("blue door");
    set_up(home, "Ana", Some(&passphrase), Cost::TINY).unwrap();
    let client = Client::connect(home, blue_door).await.unwrap();
    let circle = json!({"name": "Tuesday"});
    client.post("/v1/circles", &circle).await.unwrap();
    let story = json!({"text": "One."});
    client.post("/v1/stories", &story).await.unwrap();
    client.close().await;
    let keystore = Keystore::open(home, Some(&passphrase)).unwrap();
    let identity = Identity::load(&keystore).unwrap();
    let keys = identity.keys(identity.hints()[0]).unwrap();
    let say = |name: &str, key: &[u8; 32]| {
        let masked = key.map(|it| it ^ MASK);
        println!("\n{LINE}{name} {}", hex(masked));
    };
    say("master", keystore.master().as_bytes());
    let seed = circlet_model::words::from_words(&identity.words()).unwrap();
    say("seed", &seed.0);
    say("device", &keys.device.to_secret().0);
    say("person", &keys.person.to_secret().0);
}

fn hex(bytes: [u8; 32]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// Has another process make the home; returns the names and the masked bytes of its keys.
fn drawn(home: &Home) -> Vec<(String, [u8; 32])> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(HOME, home.root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix(LINE));
    let keys = lines.map(|line| {
        let (name, hex) = line.split_once(' ').unwrap();
        let byte = |at: usize| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap();
        (name.to_owned(), std::array::from_fn(byte))
    });
    keys.collect()
}

/// How many bytes are looked at together.
const PIECE: usize = 1 << 20;

/// Looks through everything that this process can write to.
fn left_in_memory(keys: &[(String, [u8; 32])]) -> Vec<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut memory = std::fs::File::open("/proc/self/mem").unwrap();
    let mut piece = vec![0; PIECE];
    let mut found = Vec::new();
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, rights) = (fields.next().unwrap(), fields.next().unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [mut from, to] = [from, to].map(|it| u64::from_str_radix(it, 16).unwrap());
        while from < to {
            let length = PIECE.min(usize::try_from(to - from).unwrap());
            let bytes = &mut piece[..length];
            memory.seek(SeekFrom::Start(from)).unwrap();
            if memory.read_exact(bytes).is_err() {
                // It is gone since it was listed.
                break;
            }
            // No key stands here in clear, so that what is looked for is not found in its own piece.
            for byte in bytes.iter_mut() {
                *byte ^= MASK;
            }
            let here = keys
                .iter()
                .filter(|(_, masked)| memmem::find(bytes, masked).is_some());
            found.extend(here.map(|(name, _)| format!("{name} after {from:x} of {line}")));
            bytes.fill(0);
            // One that lies across the end is found in the next.
            let next = if length < PIECE { length } else { PIECE - 31 };
            from += next as u64;
        }
    }
    found
}
