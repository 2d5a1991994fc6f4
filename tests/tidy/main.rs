//! The rules of the house that no compiler checks: sizes, purity, direction, links, words.
//!
//! Every rule is a number or a list near the top of its file. Where a rule is wrong, change it there
//! and say why in the same commit.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a check that cannot read its input has failed"
)]
#![allow(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "the names of our own files are in lower case"
)]

mod crates;
mod docs;
mod purity;
mod sizes;
mod tree;
mod words;
