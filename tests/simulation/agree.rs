//! What has to hold once every fault has ended: agreement, and nothing lost, shown or kept wrongly.

use crate::walk::Walk;
use circlet_model::replica::overview::{Standing, StoryLine};
use circlet_model::time::Day;
use circlet_tests::world::{Said, World};
use std::collections::{BTreeMap, BTreeSet};

/// Checks a world after it rested.
pub(crate) fn check(walk: &Walk) {
    let world = &walk.world;
    let circle = members(walk);
    let Some(&first) = circle.first() else {
        return;
    };
    same_digest(world, &circle);
    whoever_knows_each_other_agrees(world);
    everybody_is_let_in(walk, &circle);
    for &node in &circle {
        let shown = shown(&world.stories(node));
        assert_eq!(world.sealed(node), 0, "P{node} lacks keys");
        for said in &world.said {
            if !walk.restored.contains(&said.by) {
                nothing_taken_back_is_kept(world, (node, &circle), said, &shown);
                nothing_acknowledged_is_lost(world, (node, &circle), said, &shown);
            }
            let is_over = said.last_day.is_over(world.time(node).day());
            assert!(
                !(is_over && shown.contains(&said.text)),
                "P{node} shows {said:?}"
            );
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
        let settled = [node, first].map(|node| world.settings(node));
        assert_eq!(settled[0], settled[1], "P{node}'s settings");
    }
}

/// Checks that these nodes hold the same, and that none keeps anything it may read sealed.
pub(crate) fn in_step(world: &World, nodes: &[usize]) {
    for &node in nodes {
        let (one, other) = (world.overview(nodes[0]), world.overview(node));
        assert_eq!(one.digest, other.digest, "{one:#?} {other:#?}");
        assert_eq!(world.sealed(node), 0, "node {node}");
    }
}

/// Returns the nodes of the circle: those who belong, as most of those who think they belong say.
/// Somebody who was removed and does not know it yet is not among them.
fn members(walk: &Walk) -> Vec<usize> {
    let world = &walk.world;
    let mut views: BTreeMap<BTreeSet<_>, Vec<usize>> = BTreeMap::new();
    for node in 0..world.len() {
        if world.overview(node).standing == Standing::Member {
            views.entry(world.members(node)).or_default().push(node);
        }
    }
    // Whoever removed somebody does not talk with them any more: they may never hear of it, nor of who
    // else was removed then. So a view that all its people share counts before one that more hold.
    let shared = |people: &BTreeSet<_>, nodes: &[usize]| {
        (0..world.len()).all(|node| {
            let there = world.overview(node).standing == Standing::Member;
            !there || !people.contains(&world.person(node)) || nodes.contains(&node)
        })
    };
    let view = views
        .into_iter()
        .max_by_key(|(people, nodes)| (shared(people, nodes), nodes.len()));
    let Some((people, _)) = view else {
        return Vec::new();
    };
    // Who was let in and never heard of it, and whose key leads only to somebody who has gone since, has
    // no way to the others, nor they to them: neither side knows an address of the other. They are
    // told that the invite has ended, and another key brings them in.
    let found = |node: usize| {
        let by = walk.joined_by[node].map(|key| world.person(walk.keys[key].1));
        let heard = world.overview(node).standing == Standing::Member;
        heard || by.is_none_or(|by| people.contains(&by))
    };
    let inside = |node: &usize| people.contains(&world.person(*node)) && found(*node);
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

/// Two who count each other among the members hold the same, whatever others think of them.
fn whoever_knows_each_other_agrees(world: &World) {
    let views: Vec<_> = (0..world.len())
        .map(|node| (world.overview(node), world.members(node)))
        .collect();
    for (one, (mine, my_people)) in views.iter().enumerate() {
        for (other, (theirs, their_people)) in views.iter().enumerate().skip(one + 1) {
            let both_in = [mine, theirs].map(|view| view.standing == Standing::Member) == [true; 2];
            let mutual = my_people.contains(&world.person(other))
                && their_people.contains(&world.person(one));
            assert!(
                !both_in || !mutual || mine.digest == theirs.digest,
                "P{one} and P{other} count each other in and do not agree"
            );
        }
    }
}

/// Whoever holds a key of somebody who still belongs is in, or was told why not.
fn everybody_is_let_in(walk: &Walk, circle: &[usize]) {
    for (node, key) in walk.joined_by.iter().enumerate() {
        let Some(key) = key else { continue };
        let standing = walk.world.overview(node).standing;
        let by = walk.keys[*key].1;
        let there = circle.contains(&by) && !walk.restored.contains(&by);
        let pending = standing == Standing::Pending;
        assert!(!(pending && there), "P{node} still waits for P{by}");
        let gone = [Standing::Left, Standing::Removed].contains(&walk.world.overview(by).standing);
        let waits = pending || standing == Standing::Knocking;
        let knows = !walk.restored.contains(&by);
        assert!(
            !(waits && gone && knows),
            "P{by}, who has gone, let P{node} wait"
        );
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
    let wanted = !said.unwanted && circle.contains(&said.by) && !may_have_faded(world, said);
    // A response goes with its story, through all its edits; and may have gone where its story may.
    let first = |to| world.said.iter().find(|said| said.thing == to);
    let first = said.to.map(|to| first(to).map(|said| said.first));
    let under = first.is_none_or(|first| {
        let mut stories = world.said.iter();
        stories.any(|story| {
            Some(story.first) == first
                && story.to.is_none()
                && !story.unwanted
                && circle.contains(&story.by)
                && shown.contains(&story.text)
                && !may_have_faded(world, story)
        })
    });
    if reader && wanted && under {
        assert!(shown.contains(&said.text), "P{node} lacks {said:?}");
    }
}

/// Whether the last day of something is over by the clock of anybody there may be: none is more than two days
/// ahead.
fn may_have_faded(world: &World, said: &Said) -> bool {
    let days = u32::try_from(world.passed() / Day::MILLIS).expect("not that long");
    said.last_day.is_over(world.first_day().plus(days + 4))
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
