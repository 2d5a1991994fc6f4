//! Tests of a replica among people who write whatever they like.

mod arrivals;
mod circle;
mod digest;
mod feed;
mod keys;
