//! Shell.
pub mod network;
