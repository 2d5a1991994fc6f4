//! Real nodes as processes on loopback: what members live through, from an invite key to a story on
//! another's computer, and what may go wrong on the way.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test, what is not as expected ends it"
)]

mod backups;
mod circles;
mod clocks;
mod contract;
mod devices;
mod faults;
mod gestures;
mod hostile;
mod houses;
mod invites;
mod liar;
mod locked;
mod members;
mod power;
mod private;
mod repaired;
mod story;
mod taken_back;

use circlet_tests::nodes::{Computer, text, together, until};

/// The program under test.
const PROGRAM: &str = env!("CARGO_BIN_EXE_circlet");

/// Returns a computer with Circlet set up for somebody.
fn computer(name: &str) -> Computer {
    Computer::of(PROGRAM, name)
}

/// Returns Ana's and Bo's computers, both running, in one circle.
fn two() -> (Computer, Computer) {
    let (mut ana, mut bo) = (computer("Ana"), computer("Bo"));
    ana.found("Tuesday circle");
    bo.start();
    let key = text(&ana.data(&["invite"]), "key");
    bo.data_from(&key, &["join", "-"]);
    together(&[&ana, &bo], &["Ana", "Bo"]);
    (ana, bo)
}

/// Waits until a story is on this computer.
#[track_caller]
fn arrives(computer: &Computer, story: &str) {
    until("the story arrives", || {
        let output = computer.output("", &["read", story]);
        output.status.success().then_some(()).ok_or("not here")
    });
}
