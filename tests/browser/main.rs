//! The page in a real browser, with real nodes behind it. Chromium and its driver have to be there: where they
//! are missing, these tests do not pass.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, what is not as expected ends it"
)]

mod attacks;
mod chromium;
mod driver;
mod journeys;
mod looks;
mod private;

use circlet_tests::nodes::{Computer, text};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_circlet");

/// Returns a link to the page of a computer.
fn link(computer: &Computer) -> String {
    text(&computer.data(&["open", "--no-browser"]), "url")
}

/// Returns Ana's computer with its node and a circle.
fn ana() -> Computer {
    let mut ana = Computer::of(PROGRAM, "Ana");
    ana.found("Tuesday circle");
    ana
}
