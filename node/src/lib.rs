//! The shell of a node: everything that touches the world, around the pure model.
//!
//! ```text
//! clock, home, config ─► keystore, storage, network ─► driver ─► handle ─► api, page ─► node, client
//! ```
//!
//! A home is set up once ([`identity::set_up`]); then [`node::run`] keeps its circles in touch with
//! others, and a [`client::Client`] asks it things, or asks the home's files when no node runs.

pub mod api;
pub mod backup;
pub mod bundle;
pub mod cards;
pub mod client;
pub mod clock;
pub mod config;
pub mod export;
pub mod handle;
pub mod home;
pub mod identity;
pub mod keystore;
pub mod local;
pub mod logging;
pub mod network;
pub mod node;
pub mod problem;
pub mod recovery;
pub mod repair;
pub mod storage;

mod chunks;
mod driver;
mod new_file;
mod page;
