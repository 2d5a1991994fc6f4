//! Tests of a replica among people who write whatever they like.

mod agreement;
mod anew;
mod arrivals;
mod asked;
mod branches;
mod circle;
mod cuts;
mod devices;
mod digest;
mod edit;
mod fading;
mod feed;
mod gestures;
mod hidden;
mod keys;
mod late;
mod minting;
mod rekey;
mod retracts;
mod runs;
mod tables;
