//! Frozen vectors: an example of every wire and disk format, byte for byte.
//!
//! Each module makes the values of one group of formats from fixed keys, fixed times and a fixed
//! generator, and compares them with the file of its name beside it. Then it reads the file's own
//! bytes, with the functions that read a peer's or the disk's, and checks what they mean. A file that
//! differs means that a format changed: what older versions wrote, or say, is no longer understood.
//! `CIRCLET_VECTORS=write` writes the files anew, for a format that is new.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a vector that cannot be made or read has failed"
)]

mod acts;
mod book;
mod cast;
mod content;
mod derivations;
mod entries;
mod files;
mod frames;
mod hello;
mod home;
mod ids;
mod invitation;
mod local;
mod records;
mod rows;
mod wraps;
