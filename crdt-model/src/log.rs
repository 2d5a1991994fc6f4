//! What was shared: a chain of signed headers with sealed bodies for each device, and signed records
//! beside them.

pub mod chain;
pub mod entry;
pub mod frontier;
pub mod header;
pub mod record;
pub mod run;
