//! What fades is found without looking at the rest, and goes by what every header of it says.

use super::circle::{Circle, NOW, Other, story};
use crate::id::ThingId;
use crate::log::entry::Entry;
use crate::log::header::Header;
use crate::membership::act::History;
use crate::replica::input::{Fade, Input};
use crate::replica::output::Outbox;
use crate::time::{Day, Timestamp};

/// So many days later, an hour into the day.
fn later(days: u32) -> Timestamp {
    Timestamp(NOW.day().plus(days).start().0 + 3_600_000)
}

/// Wakes the replica until it has nothing more to do at once; returns how many rows were read.
fn wake(circle: &mut Circle, now: Timestamp) -> usize {
    let before = circle.store.reads();
    for _ in 0..10 {
        let mut out = Outbox::default();
        circle
            .replica
            .handle(now, &mut circle.rng, Input::Wake, &mut out);
        circle.store.apply(out.writes);
    }
    circle.store.reads() - before
}

fn share(circle: &mut Circle, fade: Fade) -> ThingId {
    let story = story("for a while");
    let shared = circle.replica.share(&story, fade, NOW, &mut circle.rng);
    circle.finish();
    shared.unwrap()
}

/// An entry of somebody's about one thing of their own, with this last day.
fn tell(circle: &mut Circle, who: &mut Other, last: Day) -> Entry {
    let header = Header {
        expires: last,
        ..circle.header(who, 7)
    };
    let body = story("told").create(header.device).unwrap();
    let (header, sealed) = circle.seal(header, &body);
    who.sign(header, &sealed)
}

#[test]
fn what_is_due_is_found_without_looking_at_the_rest() {
    let mut circle = Circle::found();
    let bo = circle.join(2, History::All).keys.device.device();
    for number in 0..400 {
        share(&mut circle, Fade::After(1 + number % 40));
    }
    let few = wake(&mut circle, NOW);
    assert!(few <= 20, "{few} rows");
    // Only this clock says so.
    wake(&mut circle, later(3));
    assert_eq!(circle.store.forgotten().len(), 0);
    circle.replica.hear_day(bo, later(3).day());
    let some = wake(&mut circle, later(3));
    assert_eq!(circle.store.forgotten().len(), 20);
    assert!(some < 400, "{some} rows");
    // A day far ahead bears nothing out.
    circle.replica.hear_day(bo, later(300).day());
    wake(&mut circle, later(20));
    assert_eq!(circle.store.forgotten().len(), 20);
}

#[test]
fn a_thing_fades_with_the_last_of_its_entries() {
    for (first, second, gone) in [(1, 1, true), (1, 0, false), (0, 1, false), (1, 9, false)] {
        let mut circle = Circle::found();
        let mut bo = circle.join(2, History::All);
        for days in [first, second] {
            let last = match days {
                0 => Day::default(),
                days => NOW.day().plus(days),
            };
            let entry = tell(&mut circle, &mut bo, last);
            circle.take(&bo, &entry);
            circle.finish();
        }
        circle
            .replica
            .hear_day(bo.keys.device.device(), later(3).day());
        wake(&mut circle, later(3));
        let forgotten = circle.store.forgotten();
        assert_eq!(forgotten.is_empty(), !gone, "{first} {second}");
    }
}

#[test]
fn what_comes_when_its_day_is_over_is_not_kept() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let entry = tell(&mut circle, &mut bo, NOW.day().minus(2));
    let thing = entry.header.header().thing;
    circle.replica.hear_day(bo.keys.device.device(), NOW.day());
    circle.take(&bo, &entry);
    circle.finish();
    let body = entry.body.clone().unwrap();
    assert!(!circle.store.holds(&body));
    // As before, but nobody else has written since.
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let entry = tell(&mut circle, &mut bo, NOW.day());
    circle.take(&bo, &entry);
    circle.finish();
    assert!(circle.store.holds(&entry.body.clone().unwrap()));
    assert_eq!(entry.header.header().thing, thing);
    assert!(circle.replica.story(thing, later(1)).unwrap().is_none());
    assert!(circle.replica.story(thing, NOW).unwrap().is_some());
}
