//! How two replicas find out what the other lacks and give it.

pub mod hello;
pub mod message;
pub mod plan;
pub mod schedule;
pub mod session;
