//! The rules, each by name, and the scenarios they are for.

mod crowd;
mod exhaustive;
mod forks;
mod histories;
mod invites;
mod people;
mod removals;
mod rules;
