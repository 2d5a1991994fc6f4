//! A fuzz target: built once under each name in `Cargo.toml`, it runs the decoder of that name.

#![no_main]

mod decoders;
mod group;
mod history;
#[path = "../harness/store.rs"]
#[allow(dead_code, reason = "the harness uses more of it")]
mod store;

use decoders::{DECODERS, Decoder};
use std::sync::LazyLock;

/// The decoder that this target's name stands for.
static DECODER: LazyLock<Decoder> = LazyLock::new(|| {
    let name = env!("CARGO_BIN_NAME");
    let row = DECODERS.iter().find(|row| row.0 == name);
    row.expect("decoders.rs has a row for every fuzz target").1
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| DECODER(bytes));
