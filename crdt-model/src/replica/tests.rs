//! Tests of a replica among people who write whatever they like.

mod arrivals;
mod circle;
mod feed;
mod keys;
mod retracts;
mod runs;
