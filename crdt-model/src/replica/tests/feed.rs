//! What is shown cannot be pushed out, pinned or put back by others.

use super::circle::{Circle, NOW, nothing, story};
use crate::bounded::List;
use crate::content::Kind as ThingKind;
use crate::content::profile::Profile;
use crate::id::EntryId;
use crate::log::entry::Entry;
use crate::log::header::{self, Header, KeyClass, MAX_HEADS, MAX_LAMPORT};
use crate::log::run::Run;
use crate::membership::act::{Cut, History, Kind, Role};
use crate::replica::acts::Taken;
use crate::replica::entries::RunTaken;

/// More entries than one thing has places.
const MANY: u16 = 260;

#[test]
fn entries_of_others_do_not_push_out_a_story() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let mut eve = circle.join(3, History::All);
    let theirs = circle.header(&bo, 1);
    for number in 0..MANY {
        let header = Header {
            thing: theirs.thing,
            origin: None,
            deps: List::new(vec![EntryId([1; 32])]).unwrap(),
            lamport: 10 + u64::from(number),
            ..circle.header(&eve, 1)
        };
        let (header, sealed) = circle.seal(header, &nothing(ThingKind::Story));
        circle.entry(&mut eve, header, &sealed);
    }
    circle.tell(&mut bo, 1, "mine");
    assert_eq!(circle.texts(), ["mine"]);
}

#[test]
fn entries_of_others_do_not_push_out_a_name() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let mut eve = circle.join(3, History::All);
    let epochs = circle.replica.roster().unwrap().epochs.values();
    let commons = epochs.max_by_key(|epoch| epoch.depth).unwrap().commons;
    let theirs = Header {
        class: KeyClass::Commons,
        epoch: commons,
        ..circle.header(&bo, 1)
    };
    for _ in 0..MANY {
        let header = Header {
            thing: theirs.thing,
            class: KeyClass::Commons,
            epoch: commons,
            origin: None,
            deps: List::new(vec![EntryId([1; 32])]).unwrap(),
            ..circle.header(&eve, 1)
        };
        let (header, sealed) = circle.seal(header, &nothing(ThingKind::Profile));
        circle.entry(&mut eve, header, &sealed);
    }
    let name = crate::content::clean_name("Bodil").unwrap();
    let body = Profile { name, agreed: None }
        .create(theirs.device, NOW)
        .unwrap();
    let (header, sealed) = circle.seal(theirs, &body);
    circle.entry(&mut bo, header, &sealed);
    let name = circle.replica.profile_name(bo.keys.person.person());
    assert_eq!(name.as_deref(), Some("Bodil"));
}

#[test]
fn nobody_pins_a_story_to_the_top() {
    let mut circle = Circle::found();
    let mut eve = circle.join(2, History::All);
    eve.lamport = MAX_LAMPORT - 1;
    circle.tell(&mut eve, 1, "pinned");
    circle.share("newer");
    assert_eq!(circle.texts(), ["newer", "pinned"]);
    assert_eq!(circle.replica.stories(1, NOW).unwrap()[0].text, "newer");
}

#[test]
fn an_entry_names_everything_its_writer_knew() {
    let mut circle = Circle::found();
    let others: Vec<_> = (2..2 + MAX_HEADS as u8)
        .map(|seed| circle.join(seed, History::All))
        .collect();
    let ack = || Kind::Ack {
        removals: List::default(),
    };
    let heads = circle.replica.graph.as_ref().unwrap().heads();
    circle.replica.act(ack(), NOW).unwrap();
    for other in &others {
        assert_eq!(circle.act_on(other, &heads, ack()).1, Taken::New);
    }
    let known = circle.replica.graph.as_ref().unwrap().heads();
    assert_eq!(known.len(), MAX_HEADS + 1);
    circle.share("all at once");
    let last = circle.last();
    let graph = circle.replica.graph.as_ref().unwrap();
    assert!(graph.covers(&last.header.header().heads, &known));
}

#[test]
fn nobody_puts_words_in_the_mouth_of_whom_they_remove() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let eve = circle.join(3, History::All);
    let (person, role) = (eve.keys.person.person(), Role::Keeper);
    circle.replica.act(Kind::SetRole { person, role }, NOW);
    circle.tell(&mut bo, 1, "Bo's own");
    // Eve holds the circle's keys, and writes in Bo's name.
    let header = circle.header(&bo, 2);
    let body = story("not Bo's").create(header.device).unwrap();
    let (header, sealed) = circle.seal(header, &body);
    let forged = Entry {
        signature: None,
        ..bo.sign(header, &sealed)
    };
    let cut = Cut {
        device: bo.keys.device.device(),
        seq: 2,
        entry: forged.id(),
        signature: header::sign(&eve.keys.device, &forged.id()),
    };
    let remove = Kind::Remove {
        person: bo.keys.person.person(),
        cut: List::new(vec![cut]).unwrap(),
    };
    assert_eq!(circle.act(&eve, remove).1, Taken::Bad);
    let run = Run::pack(&[forged], bo.keys.person.person()).unwrap();
    assert_eq!(circle.replica.take_run(run, NOW), Ok(RunTaken::Unvouched));
    assert_eq!(circle.texts(), ["Bo's own"]);
}
