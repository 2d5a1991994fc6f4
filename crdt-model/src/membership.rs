//! Who belongs: a signed graph of acts, and the resolver that gives every node the same answer.

pub mod act;
pub mod graph;
pub mod judge;
pub mod roster;

mod ending;
mod fork;
mod node;
mod past;
mod quarrel;
mod resolve;
mod roll;
mod scope;
mod voice;
mod witness;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
