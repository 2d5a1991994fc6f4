//! The harness: a world that owns time, network and disks and runs real replicas in it, and computers
//! that run real nodes on loopback.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "in a test, what is not as expected ends it"
)]

#[cfg(unix)]
pub mod answer;
pub mod disk;
pub mod namespace;
#[cfg(unix)]
pub mod nodes;
pub mod store;
#[cfg(target_os = "linux")]
pub mod street;
pub mod world;
