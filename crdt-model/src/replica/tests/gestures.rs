//! Gestures: who reads them, what stays of them, and what comes of those that are none.

use super::circle::{Circle, NOW, Other, story};
use crate::bounded::List;
use crate::content::Body;
use crate::content::gesture::{Gesture, Says};
use crate::id::{PersonId, ThingId};
use crate::key::SigningKey;
use crate::log::entry::Entry;
use crate::log::header::{Action, Audience, Header};
use crate::membership::act::{History, Kind, NewDevice};
use crate::replica::Replica;
use crate::replica::output::{Outbox, Refusal, Reply};
use crate::secrecy::kem::PublicKey;
use crate::secrecy::{seal, sealed_note};
use crate::store::Space;
use crate::sync::message::Need;
use crate::time::{Day, Timestamp};
use Says::{BeenThere, ThankYou, WithYou};
use std::collections::BTreeSet;

impl Circle {
    /// Ana makes a gesture, or takes it back.
    fn gesture(&mut self, to: ThingId, says: Says, back: bool) -> Result<Reply, Refusal> {
        let mut out = Outbox::default();
        let asked = (to, says, back);
        let made = self.replica.gesture(asked, NOW, &mut self.rng, &mut out);
        self.finish();
        made
    }

    /// The KEM key that notes to Ana are sealed to.
    fn kem(&self) -> PublicKey {
        self.replica.identity.kem.public().clone()
    }

    /// Somebody writes a body of their own making, sealed for the circle.
    fn says(&mut self, who: &mut Other, header: Header, plain: &[u8]) -> Entry {
        let size = seal::sealed_size(plain.len()).unwrap() as u32;
        let header = Header { size, ..header };
        let key = self.replica.ring.get(&header.epoch).unwrap();
        let sealed = seal::seal(key, &header.associated(), plain, &mut self.rng).unwrap();
        let entry = self.entry(who, header, &sealed);
        self.finish();
        entry
    }

    /// Somebody writes a note to this key.
    fn note(&mut self, who: &mut Other, nonce: u8, to: &PublicKey, said: &[u8]) -> Entry {
        let audience = Audience::Sealed;
        let header = Header {
            audience,
            ..self.header(who, nonce)
        };
        let place = sealed_note::place(&header);
        let inner = sealed_note::seal(&[to], &place, said, &mut self.rng).unwrap();
        self.says(who, header, &inner)
    }

    /// Somebody makes a gesture that Ana can open.
    fn gestures(&mut self, who: &mut Other, nonce: u8, to: ThingId, says: Says) -> Entry {
        let said = body(who, to, says).encode();
        let kem = self.kem();
        self.note(who, nonce, &kem, &said)
    }

    /// What a story says of gestures: whose, and which.
    fn told(&self, thing: ThingId) -> Vec<(PersonId, Says)> {
        let line = self.replica.story(thing, NOW).unwrap().unwrap();
        let lines = line.gestures.iter();
        lines.map(|line| (line.person, line.says)).collect()
    }

    /// What Ana says by gestures.
    fn given(&self, thing: ThingId) -> Vec<Says> {
        self.replica.story(thing, NOW).unwrap().unwrap().given
    }
}

fn body(who: &Other, to: ThingId, says: Says) -> Body {
    let gesture = Gesture { to, says };
    gesture.create(who.keys.device.device()).unwrap()
}

fn person(who: &Other) -> PersonId {
    who.keys.person.person()
}

#[test]
fn the_author_reads_who_says_what_once_each() {
    let mut circle = Circle::found();
    let (mut bo, mut cai) = (circle.join(2, History::All), circle.join(3, History::All));
    let thing = circle.share("One.");
    circle.gestures(&mut bo, 1, thing, WithYou);
    circle.gestures(&mut cai, 1, thing, BeenThere);
    circle.gestures(&mut bo, 2, thing, ThankYou);
    circle.gestures(&mut bo, 3, thing, WithYou);
    let (one, other) = (person(&bo), person(&cai));
    let mut told = circle.told(thing);
    told.sort();
    let mut all = [(one, WithYou), (one, ThankYou), (other, BeenThere)];
    all.sort();
    assert_eq!(told, all);
    let line = circle.replica.story(thing, NOW).unwrap().unwrap();
    assert!(line.responses.is_empty() && line.given.is_empty());
}

#[test]
fn of_whom_one_hides_no_gesture_is_shown() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let thing = circle.share("Mine.");
    circle.gestures(&mut bo, 1, thing, WithYou);
    assert_eq!(circle.told(thing), [(person(&bo), WithYou)]);
    circle.replica.hide(BTreeSet::from([person(&bo)]));
    assert_eq!(circle.told(thing), []);
}

#[test]
fn a_gesture_is_made_once_taken_back_and_made_again() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let thing = circle.tell(&mut bo, 1, "Bo's.");
    assert_eq!(circle.gesture(thing, WithYou, true), Ok(Reply::Done));
    assert_eq!(circle.given(thing), []);
    circle.gesture(thing, WithYou, false).unwrap();
    let first = circle.last();
    let header = first.header.header();
    assert_eq!(header.audience, Audience::Sealed);
    assert_eq!(circle.given(thing), [WithYou]);
    circle.gesture(thing, WithYou, false).unwrap();
    assert_eq!(circle.last(), first, "a second is the same");
    circle.gesture(thing, ThankYou, false).unwrap();
    assert_eq!(circle.given(thing), [WithYou, ThankYou]);
    circle.gesture(thing, WithYou, true).unwrap();
    assert_eq!(circle.given(thing), [ThankYou]);
    assert_eq!(circle.store.forgotten(), [header.thing]);
    assert_eq!(circle.last().header.header().action, Action::Retract);
    circle.gesture(thing, WithYou, false).unwrap();
    assert_eq!(circle.given(thing), [WithYou, ThankYou]);
    assert_ne!(circle.last().header.header().thing, header.thing);
    // Bo reads it, with the key that only Bo's computer has.
    let entry = circle.last();
    let plain = circle.replica.open_body(&entry).unwrap().unwrap();
    let place = sealed_note::place(entry.header.header());
    let (_, said) = sealed_note::open(&bo.keys.kem, &place, &plain).unwrap();
    let body = Body::decode(&said).unwrap();
    assert_eq!(
        body,
        Gesture {
            to: thing,
            says: WithYou
        }
        .create(entry.header.header().device)
        .unwrap()
    );
    let mine = &circle.replica.identity.kem;
    assert!(sealed_note::open(mine, &place, &plain).is_err());
}

#[test]
fn it_is_for_the_story_of_somebody_else_who_is_here() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let own = circle.share("Ana's.");
    assert_eq!(circle.gesture(own, WithYou, false), Err(Refusal::OwnStory));
    let nothing = ThingId([7; 16]);
    assert_eq!(
        circle.gesture(nothing, WithYou, false),
        Err(Refusal::NotFound)
    );
    let response = circle.replica.respond(own, "More.", NOW, &mut circle.rng);
    let response = response.unwrap();
    assert_eq!(
        circle.gesture(response, WithYou, false),
        Err(Refusal::NotFound)
    );
    let thing = circle.tell(&mut bo, 1, "Bo's.");
    circle.finish();
    let device = bo.keys.device.device();
    let cut = circle.replica.cuts_of(&[device]).unwrap();
    let cut = List::new(cut).unwrap();
    circle.act(&bo, Kind::Leave { cut });
    assert_eq!(
        circle.gesture(thing, WithYou, false),
        Err(Refusal::AuthorGone)
    );
}

#[test]
fn what_is_no_gesture_says_nothing_and_does_no_harm() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let theirs = circle.tell(&mut bo, 90, "Bo's.");
    let thing = circle.share("Ana's.");
    let kem = circle.kem();
    // Noise in the place of a note, and in it.
    let header = Header {
        audience: Audience::Sealed,
        ..circle.header(&bo, 1)
    };
    circle.says(&mut bo, header, b"noise");
    circle.note(&mut bo, 2, &kem, b"noise");
    circle.note(&mut bo, 3, &kem, &[7; sealed_note::MAX_NOTE]);
    // A gesture that everybody could read, and a story for one alone.
    let said = body(&bo, thing, WithYou).encode();
    let header = circle.header(&bo, 4);
    circle.says(&mut bo, header, &said);
    let device = bo.keys.device.device();
    let alone = story("for Ana alone").create(device).unwrap();
    circle.note(&mut bo, 5, &kem, &alone.encode());
    // On what is not there, on what is not Ana's, and in words of a later version.
    circle.gestures(&mut bo, 6, ThingId([9; 16]), WithYou);
    circle.gestures(&mut bo, 7, theirs, WithYou);
    let mut later = said.clone();
    let other = body(&bo, thing, BeenThere).encode();
    // Which byte says it shows where two differ.
    let at = (0..said.len()).find(|at| said[*at] != other[*at]).unwrap();
    later[at] = 99;
    circle.note(&mut bo, 8, &kem, &later);
    // A note that was sealed for another place.
    let entry = circle.gestures(&mut bo, 9, ThingId([9; 16]), WithYou);
    let plain = circle.replica.open_body(&entry).unwrap().unwrap();
    let header = Header {
        audience: Audience::Sealed,
        ..circle.header(&bo, 10)
    };
    circle.says(&mut bo, header, &plain);
    assert_eq!(circle.told(thing), []);
    assert_eq!(circle.texts(), ["Ana's.", "Bo's."]);
    assert_eq!(circle.given(theirs), []);
    let line = circle.replica.story(theirs, NOW).unwrap().unwrap();
    assert!(line.gestures.is_empty(), "only its author is shown any");
}

#[test]
fn thousands_by_one_person_are_one_sentence_and_keep_nobody_out() {
    let mut circle = Circle::found();
    let (mut bo, mut cai) = (circle.join(2, History::All), circle.join(3, History::All));
    let thing = circle.share("One.");
    circle.gestures(&mut cai, 1, thing, ThankYou);
    for nonce in 1..=100 {
        circle.gestures(&mut bo, nonce, thing, WithYou);
    }
    let told = circle.told(thing);
    assert_eq!(told.len(), 2);
    assert!(told.contains(&(person(&cai), ThankYou)));
    let before = circle.store.reads();
    circle.told(thing);
    let few = circle.store.reads() - before;
    for nonce in 101..=200 {
        circle.gestures(&mut bo, nonce, thing, WithYou);
    }
    let before = circle.store.reads();
    circle.told(thing);
    let more = circle.store.reads() - before;
    // Of each further one its line and what is noted of it are read, and nothing is opened.
    assert!(more - few <= 4 * 100, "{few} {more}");
}

#[test]
fn it_stays_readable_when_the_kem_key_is_gone_and_goes_when_it_is_taken_back() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let thing = circle.share("One.");
    let entry = circle.gestures(&mut bo, 1, thing, WithYou);
    let renewed = circle.replica.identity.kem.renewed(&mut circle.rng);
    circle.replica.identity.kem = renewed.unwrap().without(|_| true);
    assert_eq!(circle.told(thing), [(person(&bo), WithYou)]);
    // Also after a restart, and where it was out of view meanwhile.
    let identity = circle.replica.identity.clone();
    let hint = circle.replica.hint();
    let reader = Box::new(circle.store.clone());
    circle.replica = Replica::load(identity, reader, hint).unwrap();
    assert_eq!(circle.told(thing), [(person(&bo), WithYou)]);
    let owner = [&hint[..], &entry.id().0, b"note"].concat();
    assert_eq!(circle.store.rows_of(Space::Grants, &owner), 1);
    let header = Header {
        action: Action::Retract,
        epoch: crate::id::EpochId::default(),
        ..circle.header(&bo, 1)
    };
    let retract = bo.sign_retract(header);
    circle.take(&bo, &retract);
    circle.finish();
    assert_eq!(circle.told(thing), []);
    assert_eq!(circle.store.rows_of(Space::Grants, &owner), 0);
    let gone = entry.header.header().thing;
    assert_eq!(circle.store.forgotten(), [gone]);
}

#[test]
fn a_gesture_stays_through_every_edit_and_goes_with_its_story() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let thing = circle.share("One.");
    circle.gestures(&mut bo, 1, thing, WithYou);
    let edit = crate::replica::input::Edit {
        text: "Two.".to_owned(),
        ..Default::default()
    };
    let second = circle.replica.edit(thing, edit, NOW, &mut circle.rng);
    let second = second.unwrap();
    circle.finish();
    assert_eq!(circle.told(second), [(person(&bo), WithYou)]);
    // Who makes one on the edit is heard under the first.
    let theirs = circle.tell(&mut bo, 2, "Bo's.");
    circle.finish();
    circle.gesture(theirs, WithYou, false).unwrap();
    circle.replica.take_back(second, NOW).unwrap();
    circle.finish();
    assert_eq!(circle.replica.story(second, NOW).unwrap(), None);
    assert_eq!(circle.given(theirs), [WithYou]);
}

#[test]
fn the_last_day_of_a_story_is_that_of_its_gestures() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let last = NOW.day().plus(3);
    let header = Header {
        expires: last,
        ..circle.header(&bo, 1)
    };
    let said = story("Bo's.").create(header.device).unwrap().encode();
    let thing = header.thing;
    circle.says(&mut bo, header, &said);
    circle.gesture(thing, WithYou, false).unwrap();
    assert_eq!(circle.last().header.header().expires, last);
    let later = Timestamp(NOW.0 + 4 * 24 * 60 * 60 * 1000);
    assert_eq!(circle.replica.story(thing, later).unwrap(), None);
    let again = circle.replica.gesture(
        (thing, WithYou, false),
        later,
        &mut circle.rng,
        &mut Outbox::default(),
    );
    assert_eq!(again, Err(Refusal::NotFound));
}

#[test]
fn a_gesture_is_no_words_of_ones_own_and_goes_into_no_file() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let thing = circle.tell(&mut bo, 1, "Bo's.");
    circle.finish();
    circle.gesture(thing, WithYou, false).unwrap();
    let own = circle.last().header.header().thing;
    let like = circle.replica.own_like(&own.to_hex(), NOW);
    assert_eq!(like.unwrap(), []);
    let kept = circle.replica.to_keep(true).unwrap();
    assert_eq!(kept, [thing]);
    // A gesture to Ana is in none either.
    let mine = circle.share("Ana's.");
    circle.gestures(&mut bo, 2, mine, WithYou);
    let mut kept = circle.replica.to_keep(true).unwrap();
    kept.sort();
    let mut words = [thing, mine];
    words.sort();
    assert_eq!(kept, words);
}

/// Whoever asks for what does not open is given the circle's seal, and never a note's own key.
#[test]
fn no_key_of_a_note_is_given_to_anybody() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let cai = circle.join(3, History::All);
    let thing = circle.share("One.");
    let entry = circle.gestures(&mut bo, 1, thing, WithYou);
    let header = entry.header.header();
    let need = Need {
        bodies: List::new(vec![entry.id()]).unwrap(),
        places: List::new(vec![(header.device, header.seq)]).unwrap(),
        ..Need::default()
    };
    let to = cai.keys.device.device();
    let given = circle.replica.answer_need(to, &need, &mut circle.rng);
    let given = given.unwrap();
    let key = seal::BodyKey(given.bodies[0].1.clone());
    let body = entry.body.as_deref().unwrap();
    let plain = seal::open_with(&key, &header.associated(), body).unwrap();
    let place = sealed_note::place(header);
    assert!(sealed_note::open(&cai.keys.kem, &place, &plain).is_err());
    assert!(sealed_note::open_with(&key, &place, &plain).is_err());
}

/// What a member cannot open counts neither as old nor as the words before a story was taken back.
#[test]
fn a_note_for_others_moves_no_line_in_the_past() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let cai = Other::new(9);
    circle.tell(&mut bo, 1, "Bo's.");
    let theirs = cai.keys.kem.public().clone();
    circle.note(&mut bo, 2, &theirs, b"for somebody else");
    circle.finish();
    let device = bo.keys.device.device();
    let chain = circle.replica.frontier.chain(&device, 0);
    let before = |day: Day| {
        let last = circle
            .replica
            .last_before((&device, 0), chain.intervals(), day);
        last.unwrap()
    };
    assert_eq!(before(NOW.day()), 0, "nothing of it is older than today");
    assert_eq!(before(NOW.day().plus(1)), 1);
}

#[test]
fn of_more_than_four_computers_those_that_came_last_are_reached() {
    let mut circle = Circle::found();
    let bo = circle.join(2, History::All);
    assert_eq!(
        circle.replica.note_to(&person(&bo)),
        [bo.keys.kem.public().clone()]
    );
    let mut last = Vec::new();
    for seed in 10..16 {
        let more = Other::new(seed);
        let (kem, hint) = (more.keys.kem.public().clone(), circle.replica.hint());
        let device = NewDevice::sign_for(hint, person(&bo), &more.keys.device, kem.clone());
        let certificate = None;
        let kind = Kind::AddDevice {
            device,
            certificate,
        };
        circle.act(&bo, kind);
        last.push(kem);
    }
    let to = circle.replica.note_to(&person(&bo));
    assert_eq!(to.len(), sealed_note::SLOTS);
    assert!(last[2..].iter().all(|kem| to.contains(kem)));
    assert!(circle.replica.note_to(&person(&Other::new(9))).is_empty());
}

/// The id of a gesture follows from the maker's person key: each computer of theirs knows it again.
#[test]
fn every_computer_of_the_maker_knows_its_gesture_again() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let thing = circle.tell(&mut bo, 1, "Bo's.");
    circle.finish();
    circle.gesture(thing, WithYou, false).unwrap();
    // Other device keys, the same person: what is held is enough.
    let mut identity = circle.replica.identity.clone();
    identity.device = SigningKey::from_secret(&crate::key::Secret([99; 32]));
    let reader = Box::new(circle.store.clone());
    let second = Replica::load(identity.clone(), reader, circle.replica.hint()).unwrap();
    assert_eq!(second.story(thing, NOW).unwrap().unwrap().given, [WithYou]);
    // Somebody else's computer does not.
    identity.person = bo.keys.person.clone();
    let reader = Box::new(circle.store.clone());
    let other = Replica::load(identity, reader, circle.replica.hint()).unwrap();
    assert_eq!(other.given(thing).unwrap(), []);
}
