//! The digest: equal on two nodes exactly when they hold the same.

use super::Replica;
use crate::codec;
use crate::id::{ActId, Hash};
use crate::key::{self};
use crate::membership::roster::Standing;

/// The domain of the digest.
const DIGEST: &str = "circlet 1 digest";

impl Replica {
    /// Returns the digest of what is held: equal on two nodes exactly when they hold the same.
    pub(super) fn digest(&mut self) -> Hash {
        if let Some(digest) = self.digest {
            return digest;
        }
        let digest = self.compute_digest();
        self.digest = Some(digest);
        digest
    }

    pub(super) fn compute_digest(&self) -> Hash {
        let circle = self.state.circle.unwrap_or_default();
        let (heads, people) = match &self.graph {
            Some(graph) => {
                let people = graph.roster().people.iter();
                let standing = people.map(|(id, person)| (*id, number(person.standing)));
                (graph.heads(), standing.collect::<Vec<_>>())
            }
            None => Default::default(),
        };
        let mut chains: Vec<_> = self
            .frontier
            .chains()
            .map(|((device, branch), _)| (*device, self.whole(device, *branch)))
            .map(|(device, chain)| (device, chain.intervals().to_vec()))
            .collect();
        chains.sort_by_key(|(device, intervals)| (*device, intervals.last().map(|last| last.top)));
        let retracts = self.retracts.iter().filter(|(_, place)| self.counts(place));
        let retracts: Vec<_> = retracts.map(|(thing, _)| *thing).collect();
        Hash(key::hash(
            DIGEST,
            &codec::encode(&(circle, heads, people, chains, retracts)),
        ))
    }
}

/// A standing as a number and the act behind it, for the digest.
fn number(standing: Standing) -> (u8, ActId) {
    match standing {
        Standing::Active => (0, ActId::default()),
        Standing::Left(act) => (1, act),
        Standing::Removed(act) => (2, act),
    }
}
