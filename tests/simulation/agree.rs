//! What has to hold once every fault has ended: agreement, and nothing lost, shown or kept wrongly.

use crate::walk::Walk;
use circlet_model::replica::overview::{Standing, StoryLine};
use circlet_tests::world::{Said, World};
use std::collections::{BTreeMap, BTreeSet};

/// Checks a world after it rested.
pub(crate) fn check(walk: &Walk) {
    let world = &walk.world;
    let circle = members(world);
    let Some(&first) = circle.first() else {
        return;
    };
    same_digest(world, &circle);
    everybody_is_let_in(walk, &circle);
    for &node in &circle {
        let shown = shown(&world.stories(node));
        assert_eq!(world.sealed(node), 0, "P{node} lacks keys");
        for said in &world.said {
            nothing_taken_back_is_kept(world, (node, &circle), said, &shown);
            if !walk.restored.contains(&said.by) {
                nothing_acknowledged_is_lost(world, (node, &circle), said, &shown);
            }
        }
    }
    let names = |node: usize| {
        let members = world.overview(node).members.into_iter();
        members
            .map(|member| (member.person, member.role, member.devices))
            .collect::<Vec<_>>()
    };
    for &node in &circle {
        assert_eq!(names(node), names(first), "P{node}'s members");
    }
}

/// Returns the nodes of the circle: those who belong, as most of those who think they belong say.
/// Somebody who was removed and does not know it yet is not among them.
fn members(world: &World) -> Vec<usize> {
    let mut views: BTreeMap<BTreeSet<_>, Vec<usize>> = BTreeMap::new();
    for node in 0..world.len() {
        if world.overview(node).standing == Standing::Member {
            views.entry(world.members(node)).or_default().push(node);
        }
    }
    // Where two have parted, the one who knows of it is right.
    let shared = |people: &BTreeSet<_>, nodes: &[usize]| {
        (0..world.len()).all(|node| !people.contains(&world.person(node)) || nodes.contains(&node))
    };
    let view = views
        .into_iter()
        .max_by_key(|(people, nodes)| (nodes.len(), shared(people, nodes)));
    let Some((people, _)) = view else {
        return Vec::new();
    };
    let inside = |node: &usize| people.contains(&world.person(*node));
    (0..world.len()).filter(inside).collect()
}

fn same_digest(world: &World, circle: &[usize]) {
    let mut digests: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for &node in circle {
        let overview = world.overview(node);
        assert_eq!(overview.standing, Standing::Member, "P{node}");
        digests.entry(overview.digest).or_default().push(node);
    }
    if digests.len() > 1 {
        for &node in circle {
            let overview = world.overview(node);
            println!(
                "P{node}: {:?} {} entries, {} members, connected {:?}, in step {:?}",
                overview.standing,
                overview.entries,
                overview.members.len(),
                overview.connected,
                overview.in_step_with
            );
        }
        panic!("digests differ: {:?}", digests.values());
    }
}

/// Whoever holds a key of somebody who still belongs is in, or was told why not.
fn everybody_is_let_in(walk: &Walk, circle: &[usize]) {
    for (node, key) in walk.joined_by.iter().enumerate() {
        let Some(key) = key else { continue };
        let pending = walk.world.overview(node).standing == Standing::Pending;
        let by = walk.keys[*key].1;
        let there = circle.contains(&by) && !walk.restored.contains(&by);
        assert!(!(pending && there), "P{node} still waits for P{by}");
    }
}

fn nothing_taken_back_is_kept(
    world: &World,
    (node, circle): (usize, &[usize]),
    said: &Said,
    shown: &BTreeSet<String>,
) {
    // What somebody took back after they were removed, or before it got to anybody, stays with them.
    if said.taken_back && circle.contains(&said.by) {
        assert!(!shown.contains(&said.text), "P{node} shows {said:?}");
        assert!(
            !world.keeps_body(node, said.thing),
            "P{node} keeps {said:?}"
        );
    }
}

fn nothing_acknowledged_is_lost(
    world: &World,
    (node, circle): (usize, &[usize]),
    said: &Said,
    shown: &BTreeSet<String>,
) {
    let reader = said.readers.contains(&world.person(node));
    let wanted = !said.unwanted && circle.contains(&said.by);
    // A response goes with its story.
    let story = said
        .to
        .and_then(|to| world.said.iter().find(|said| said.thing == to));
    let under = match (said.to, story) {
        (Some(_), Some(story)) => {
            !story.unwanted && circle.contains(&story.by) && shown.contains(&story.text)
        }
        (Some(_), None) => false,
        (None, _) => true,
    };
    if reader && wanted && under {
        assert!(shown.contains(&said.text), "P{node} lacks {said:?}");
    }
}

fn shown(stories: &[StoryLine]) -> BTreeSet<String> {
    let responses = stories.iter().flat_map(|story| &story.responses);
    let responses = responses.map(|response| response.text.clone());
    stories
        .iter()
        .map(|story| story.text.clone())
        .chain(responses)
        .collect()
}
