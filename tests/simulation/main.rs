//! Simulated circles: real replicas in a world that owns time, network and disks.

mod mended;
mod stories;
