//! Simulated circles: real replicas in a world that owns time, network and disks.

#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::struct_excessive_bools,
    clippy::unwrap_used,
    reason = "in a test, what is not as expected ends it"
)]

mod agree;
mod agreement;
mod anew;
mod carried;
mod devices;
mod fading;
mod gestures;
mod keys;
mod meeting;
mod mended;
mod partings;
mod reached;
mod rekeys;
mod seeds;
mod stories;
mod taken_back;
mod trouble;
mod walk;
mod ways_in;
mod words;
