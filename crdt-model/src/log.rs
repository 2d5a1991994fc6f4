//! What was shared, as signed headers and sealed bodies in one chain per device.

pub mod header;
