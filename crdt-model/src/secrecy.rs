//! Who can read: epoch keys, their wraps, and sealed bodies.

pub mod kem;
