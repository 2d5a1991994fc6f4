//! Rings: which of several endings strike each other, directly or through others.

use std::collections::BTreeSet;

/// Groups what reaches each other, in the order of their first members.
pub(super) fn rings(strikes: &[Vec<bool>]) -> Vec<Vec<usize>> {
    let reach: Vec<BTreeSet<usize>> = (0..strikes.len())
        .map(|from| {
            let mut seen = BTreeSet::new();
            let mut next = vec![from];
            while let Some(at) = next.pop() {
                let row = strikes.get(at).map(Vec::as_slice).unwrap_or_default();
                for (to, _) in row.iter().enumerate().filter(|(_, struck)| **struck) {
                    if seen.insert(to) {
                        next.push(to);
                    }
                }
            }
            seen
        })
        .collect();
    let reaches = |from: usize, to: usize| reach.get(from).is_some_and(|seen| seen.contains(&to));
    let mut placed = BTreeSet::new();
    let mut rings = Vec::new();
    for one in 0..strikes.len() {
        if placed.insert(one) {
            let mut ring = vec![one];
            let others = (one + 1..strikes.len()).filter(|to| !placed.contains(to));
            ring.extend(others.filter(|to| reaches(one, *to) && reaches(*to, one)));
            placed.extend(ring.iter().copied());
            rings.push(ring);
        }
    }
    rings
}
