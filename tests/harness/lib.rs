//! The harness: a world that owns time, network and disks, and runs real replicas in it.

pub mod disk;
pub mod store;
pub mod world;
