//! Shell.
pub mod home;
pub mod keystore;
pub mod network;
pub mod storage;
