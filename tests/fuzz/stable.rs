//! The fuzz targets as property tests, so that the stable compiler runs every decoder too.

mod decoders;

use decoders::DECODERS;
use proptest::prelude::*;
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
