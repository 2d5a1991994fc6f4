//! Who can read: epoch keys, their wraps, and sealed bodies.
//!
//! An epoch has two random keys, one for each key class. They travel to devices in wrap rows (HPKE),
//! which lie beside the membership graph; an epoch's or share's act commits to the table of its rows.
//! A body is sealed under a key derived from an epoch key and the body's own nonce.

pub(crate) mod aead;
pub mod bundle;
pub mod epoch;
pub mod hello;
pub mod kem;
pub mod seal;
pub mod sealed_note;
pub mod usable;
pub mod wrap;
