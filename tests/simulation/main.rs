//! Simulated circles: real replicas in a world that owns time, network and disks.

mod agree;
mod meeting;
mod mended;
mod seeds;
mod stories;
mod walk;
