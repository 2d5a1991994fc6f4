//! The fuzz targets as property tests, so that the stable compiler runs every decoder too.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "this is test code"
)]

mod decoders;
mod group;
mod history;
mod shell;

use circlet_tests::store;
use decoders::DECODERS;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes that look a little like what decoders expect: noise, text, or many repeats of one byte.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..2048),
        "\\PC{0,256}".prop_map(String::into_bytes),
        "[0-9A-Za-z-]{0,256}".prop_map(String::into_bytes),
        (any::<u8>(), 0..70_000_usize).prop_map(|(byte, count)| vec![byte; count]),
    ]
}

proptest! {
    #[test]
    fn every_decoder_returns(bytes in any_bytes()) {
        for (_, decode) in DECODERS {
            decode(&bytes);
        }
    }

    #[test]
    fn a_replica_lives_through_any_history(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        // Begins with Bo's link and his whole session, so that what follows meets a replica at work.
        let session = (0..12).flat_map(|frame| [1, 4, frame]);
        let begun: Vec<u8> = [1, 0, 2, 1].into_iter().chain(session).chain(bytes).collect();
        history::replica(&begun);
    }

    #[test]
    fn a_bundle_of_anything_is_taken_or_left_out(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        history::carried(&bytes);
    }

    #[test]
    fn a_group_agrees_after_any_history(
        bytes in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        group::history(&bytes);
    }

    #[test]
    fn a_changed_frame_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        place in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        // Bytes that are almost right reach deeper than noise.
        for (name, bytes) in vectors(which) {
            let mut bytes = bytes;
            if !bytes.is_empty() {
                let place = place.index(bytes.len());
                bytes[place] ^= flip;
            }
            let row = DECODERS.iter().find(|row| row.0 == name);
            row.expect("vectors are of known decoders").1(&bytes);
        }
    }
}

proptest! {
    // Each case writes and syncs a dozen files.
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_decoder_of_the_shell_returns(bytes in any_bytes()) {
        for (_, decode) in shell::DECODERS {
            decode(&bytes);
        }
    }
}

/// Returns one frozen vector for each decoder that has any.
fn vectors(which: prop::sample::Index) -> Vec<(&'static str, Vec<u8>)> {
    let files = [
        ("act", include_str!("../vectors/acts.json")),
        ("header", include_str!("../vectors/entries.json")),
        ("run", include_str!("../vectors/entries.json")),
        ("record", include_str!("../vectors/records.json")),
        ("frontier", include_str!("../vectors/records.json")),
        ("message", include_str!("../vectors/frames.json")),
        ("hello", include_str!("../vectors/hello.json")),
        ("wrap", include_str!("../vectors/wraps.json")),
        ("content", include_str!("../vectors/content.json")),
    ];
    let pick = |text: &str| -> Vec<u8> {
        let book: BTreeMap<String, String> = serde_json::from_str(text).unwrap();
        let hex = book.values().nth(which.index(book.len())).unwrap();
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(byte).collect()
    };
    files
        .into_iter()
        .map(|(name, text)| (name, pick(text)))
        .collect()
}

#[test]
fn what_once_crashed_a_decoder_does_so_no_longer() {
    let crashers = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/crashers");
    for (name, decode) in DECODERS {
        let Ok(files) = std::fs::read_dir(crashers.join(name)) else {
            continue;
        };
        for file in files {
            decode(&std::fs::read(file.unwrap().path()).unwrap());
        }
    }
}

#[test]
fn every_decoder_is_a_fuzz_target_and_the_reverse() {
    let manifest = include_str!("Cargo.toml");
    let targets: Vec<&str> = manifest
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ name = \"")?.split('"').next())
        .collect();
    let decoders: Vec<&str> = DECODERS.iter().map(|row| row.0).collect();
    assert_eq!(targets, decoders);
}
