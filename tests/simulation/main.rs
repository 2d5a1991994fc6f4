//! Simulated circles: real replicas in a world that owns time, network and disks.

mod meeting;
mod mended;
mod stories;
