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
mod computer;
mod driver;
mod examined;
mod heard;
mod journeys;
mod keyboard;
mod languages;
mod looks;
mod private;
mod scriptless;

use circlet_tests::nodes::{Computer, text};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_circlet");

/// Returns a link to the page of a computer.
fn link(computer: &Computer) -> String {
    text(&computer.data(&["open", "--no-browser"]), "url")
}

/// Lets somebody come into Ana's circle, with everything that was shared; returns their computer.
fn joins(ana: &Computer, name: &str) -> Computer {
    let mut computer = Computer::of(PROGRAM, name);
    computer.start();
    let invite = ana.data(&["invite", "--history", "all"]);
    computer.data_from(&text(&invite, "key"), &["join", "-"]);
    computer.wait_for_state("joined");
    computer
}

/// Returns Ana's computer with its node and a circle.
fn ana() -> Computer {
    let mut ana = Computer::of(PROGRAM, "Ana");
    ana.found("Tuesday circle");
    ana
}
