//! Tests of a replica among people who write whatever they like.

mod arrivals;
mod circle;
mod feed;
mod keys;
mod rekey;
mod retracts;
mod runs;
