//! The circle's agreement among people who write whatever they like.

use super::circle::{Circle, NOW, Other};
use crate::bounded::List;
use crate::content::agreement::Agreement;
use crate::content::{Body, Kind as ThingKind};
use crate::document::text::TextDocument;
use crate::id::{EntryId, EpochId};
use crate::log::entry::Entry;
use crate::log::header::{Action, Header, KeyClass, MAX_LAMPORT};
use crate::membership::act::{History, Kind, Role};
use crate::replica::Replica;
use crate::replica::agreements::MAX_OF_ONE;
use crate::replica::output::{Refusal, Reply};
use crate::replica::overview::{AgreementLine, Answer};
use crate::time::Day;
use automerge::{Automerge, ROOT, ReadDoc as _};

/// The agreement that Ana sees.
pub(super) fn seen(circle: &Circle) -> Option<AgreementLine> {
    circle.replica.agreement(NOW).unwrap()
}

pub(super) fn text(circle: &Circle) -> String {
    seen(circle).map(|line| line.text).unwrap_or_default()
}

/// Ana makes this of what she sees.
pub(super) fn write(circle: &mut Circle, text: &str) {
    let seen = seen(circle).map(|line| line.version).unwrap_or_default();
    let written = circle
        .replica
        .write_agreement(text, &seen, NOW, &mut circle.rng);
    assert_eq!(written, Ok(Reply::Done));
    circle.finish();
}

/// Returns a header of somebody's agreement.
pub(super) fn header(circle: &Circle, who: &Other, nonce: u8) -> Header {
    let epochs = circle.replica.roster().unwrap().epochs.values();
    Header {
        class: KeyClass::Commons,
        epoch: epochs.max_by_key(|epoch| epoch.depth).unwrap().commons,
        ..circle.header(who, nonce)
    }
}

/// Returns the same about a thing that is there.
pub(super) fn about(circle: &Circle, who: &Other, header_of: &Header) -> Header {
    Header {
        thing: header_of.thing,
        origin: None,
        deps: List::new(vec![EntryId([1; 32])]).unwrap(),
        ..header(circle, who, 1)
    }
}

/// Somebody begins an agreement, which is not here yet.
pub(super) fn begin(circle: &mut Circle, who: &mut Other, nonce: u8, words: &str) -> Entry {
    let header = header(circle, who, nonce);
    let body = Agreement::create(words, header.device, NOW).unwrap();
    let (header, sealed) = circle.seal(header, &body);
    who.sign(header, &sealed)
}

/// Returns the text of an agreement that somebody begins so.
fn document(who: &Other, words: &str) -> (TextDocument, Body) {
    let (document, _) = TextDocument::begin(who.keys.device.device(), NOW, words).unwrap();
    let body = Agreement::create(words, who.keys.device.device(), NOW).unwrap();
    (document, body)
}

#[test]
fn who_writes_it_agrees_and_who_reads_it_is_asked_again_when_it_changed() {
    let mut circle = Circle::found();
    assert_eq!(seen(&circle), None);
    write(&mut circle, "Anyone may pass.");
    let first = seen(&circle).unwrap();
    assert_eq!(
        (first.text.as_str(), first.mine()),
        ("Anyone may pass.", Answer::Yes)
    );
    assert!(first.by_me && first.is_as_begun);
    let mut bo = circle.join(2, History::All);
    let last = circle.replica.counting_agreement().unwrap().unwrap().1;
    let known = circle.replica.open_agreement(last).unwrap().unwrap();
    let edited = Agreement::edit(
        &known,
        &known,
        "Anyone may pass. We listen.",
        bo.keys.device.device(),
        NOW,
    );
    let thing = *circle.replica.agreements.keys().next().unwrap();
    let header = Header {
        thing,
        origin: None,
        deps: List::new(vec![EntryId([1; 32])]).unwrap(),
        ..header(&circle, &bo, 1)
    };
    let (header, sealed) = circle.seal(header, &edited.unwrap().unwrap());
    circle.entry(&mut bo, header, &sealed);
    let line = seen(&circle).unwrap();
    assert_eq!(line.text, "Anyone may pass. We listen.");
    assert_eq!(
        (line.by.as_str(), line.by_me, line.mine()),
        ("Somebody", false, Answer::Before)
    );
    assert_eq!(line.answers[1].answer, Answer::NotYet);
    let agreed = circle.replica.agree(&line.version, NOW, &mut circle.rng);
    assert_eq!(agreed, Ok(Reply::Done));
    assert_eq!(seen(&circle).unwrap().mine(), Answer::Yes);
    let names = circle.replica.overview().members;
    assert_eq!(names[0].name, "Ana", "the yes changes nothing else");
}

#[test]
fn any_automerge_opens_the_file_of_it() {
    let mut circle = Circle::found();
    assert_eq!(circle.replica.agreement_file().unwrap(), None);
    write(&mut circle, "Anyone may pass.");
    write(&mut circle, "Anyone may pass. We listen.");
    let file = circle.replica.agreement_file().unwrap().unwrap();
    let document = Automerge::load(&file).unwrap();
    let (_, text) = document.get(ROOT, "t").unwrap().unwrap();
    assert_eq!(document.text(&text).unwrap(), "Anyone may pass. We listen.");
}

#[test]
fn a_yes_is_to_the_words_that_were_read() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let entry = begin(&mut circle, &mut bo, 1, "One.");
    circle.take(&bo, &entry);
    let read = seen(&circle).unwrap().version;
    write(&mut circle, "One. Two.");
    circle.replica.agree(&read, NOW, &mut circle.rng).unwrap();
    assert_eq!(seen(&circle).unwrap().mine(), Answer::Before);
    let unknown = circle.replica.agree(&[], NOW, &mut circle.rng);
    assert_eq!(unknown, Err(Refusal::NotFound));
}

#[test]
fn what_comes_in_any_order_says_the_same() {
    let mut circle = Circle::found();
    let [mut bo, mut cai] = [2, 3].map(|seed| circle.join(seed, History::All));
    let first = begin(&mut circle, &mut bo, 1, "One.");
    let (known, _) = document(&bo, "One.");
    let edited = Agreement::edit(&known, &known, "One. Two.", cai.keys.device.device(), NOW);
    let header = about(&circle, &cai, first.header.header());
    let (header, sealed) = circle.seal(header, &edited.unwrap().unwrap());
    // The edit is here before what it builds on.
    circle.entry(&mut cai, header, &sealed);
    assert_eq!(seen(&circle), None);
    circle.take(&bo, &first);
    assert_eq!(text(&circle), "One. Two.");
}

#[test]
fn of_two_that_were_begun_the_last_counts_in_any_order() {
    for turned in [false, true] {
        let mut circle = Circle::found();
        let [mut bo, mut cai] = [2, 3].map(|seed| circle.join(seed, History::All));
        bo.lamport = 40;
        cai.lamport = 30;
        let a = begin(&mut circle, &mut bo, 1, "Bo's.");
        let b = begin(&mut circle, &mut cai, 1, "Cai's.");
        let mut both = [(&bo, &a), (&cai, &b)];
        if turned {
            both.reverse();
        }
        for (who, entry) in both {
            circle.take(who, entry);
        }
        assert_eq!(text(&circle), "Bo's.");
    }
}

#[test]
fn nobody_fills_it_and_nobody_pins_it() {
    let mut circle = Circle::found();
    let [mut bo, mut eve] = [2, 3].map(|seed| circle.join(seed, History::All));
    let first = begin(&mut circle, &mut bo, 1, "One.");
    circle.take(&bo, &first);
    let (known, _) = document(&bo, "One.");
    for number in 0..2 * MAX_OF_ONE {
        let words = format!("One. {number}");
        let edited = Agreement::edit(&known, &known, &words, eve.keys.device.device(), NOW);
        let header = about(&circle, &eve, first.header.header());
        let (header, sealed) = circle.seal(header, &edited.unwrap().unwrap());
        circle.entry(&mut eve, header, &sealed);
    }
    let kept = circle.replica.counting_agreement().unwrap().unwrap().1;
    assert_eq!(kept.of(eve.keys.person.person()), MAX_OF_ONE);
    write(&mut circle, "Ours.");
    assert_eq!(text(&circle), "Ours.");
    eve.lamport = MAX_LAMPORT - 10;
    let pinned = begin(&mut circle, &mut eve, 9, "Eve's.");
    circle.take(&eve, &pinned);
    assert_eq!(text(&circle), "Ours.");
    // Who has used up their own part begins it anew, and the rest does not notice.
    for number in 0..=MAX_OF_ONE {
        write(&mut circle, &format!("Ours, as of {number}."));
    }
    assert_eq!(text(&circle), format!("Ours, as of {MAX_OF_ONE}."));
}

#[test]
fn what_is_no_agreement_means_nothing() {
    let mut circle = Circle::found();
    let mut eve = circle.join(3, History::All);
    let (_, body) = document(&eve, "Eve's.");
    let twice = Body {
        changes: List::new([&body.changes[..], &body.changes[..]].concat()).unwrap(),
        ..body.clone()
    };
    let garbage = Body {
        changes: List::new(vec![crate::bounded::Bytes::new(vec![7; 40]).unwrap()]).unwrap(),
        ..body.clone()
    };
    let later = Body {
        kind: 6,
        ..body.clone()
    };
    for body in [&twice, &garbage, &later] {
        let header = header(&circle, &eve, 1);
        let (header, sealed) = circle.seal(header, body);
        circle.entry(&mut eve, header, &sealed);
        assert_eq!(seen(&circle), None);
    }
    // One that fades would take with it what others write, and one in the wrong class is not for all.
    let fading = Header {
        expires: Day(NOW.day().0 + 1),
        ..header(&circle, &eve, 2)
    };
    let private = circle.header(&eve, 3);
    for header in [fading, private] {
        let (header, sealed) = circle.seal(header, &body);
        circle.entry(&mut eve, header, &sealed);
        assert_eq!(seen(&circle), None);
    }
    assert_eq!(
        circle
            .replica
            .frontier
            .chain(&eve.keys.device.device(), 0)
            .len(),
        5
    );
}

#[test]
fn what_cannot_be_shown_is_left_out_and_no_words_are_none() {
    let mut circle = Circle::found();
    let mut eve = circle.join(3, History::All);
    let header = header(&circle, &eve, 1);
    let (_, change) = TextDocument::begin(header.device, NOW, "Be\u{1b}[2J kind.\0\n\n").unwrap();
    let body = Body::new(ThingKind::Agreement, &[change]).unwrap();
    let (header, sealed) = circle.seal(header, &body);
    circle.entry(&mut eve, header, &sealed);
    assert_eq!(text(&circle), "Be[2J kind.");
    for (words, refusal) in [
        (" \n", Refusal::Empty),
        (&*"a".repeat(4097), Refusal::TooLong(4096)),
    ] {
        let refused = circle
            .replica
            .write_agreement(words, &[], NOW, &mut circle.rng);
        assert_eq!(refused, Err(refusal));
    }
}

#[test]
fn an_edit_of_words_that_are_not_known_here_takes_nothing_out() {
    let mut circle = Circle::found();
    write(&mut circle, "One.");
    let elsewhere = [crate::id::Hash([9; 32])];
    let written = circle
        .replica
        .write_agreement("Two.", &elsewhere, NOW, &mut circle.rng);
    assert_eq!(written, Ok(Reply::Done));
    assert!(text(&circle).contains("One.") && text(&circle).contains("Two."));
}

#[test]
fn a_keeper_takes_it_back_as_a_whole_and_it_can_be_begun_anew() {
    let mut circle = Circle::found();
    write(&mut circle, "Words that have to go.");
    let keeper = circle.join(2, History::All);
    let person = keeper.keys.person.person();
    circle
        .replica
        .act(
            Kind::SetRole {
                person,
                role: Role::Keeper,
            },
            NOW,
        )
        .unwrap();
    let mut keeper = keeper;
    let origin = circle.last_origin();
    let header = Header {
        thing: origin.thing(circle.replica.circle().unwrap()),
        origin: Some(origin),
        action: Action::Retract,
        epoch: EpochId::default(),
        ..header(&circle, &keeper, 1)
    };
    let entry = keeper.sign_retract(header);
    circle.take(&keeper, &entry);
    circle.finish();
    assert_eq!(seen(&circle), None);
    assert!(
        circle
            .store
            .forgotten()
            .contains(&entry.header.header().thing)
    );
    write(&mut circle, "Other words.");
    assert_eq!(text(&circle), "Other words.");
}

#[test]
fn it_is_there_after_the_store_was_opened_again() {
    let mut circle = Circle::found();
    write(&mut circle, "Anyone may pass.");
    let reader = Box::new(circle.store.clone());
    let hint = circle.replica.hint();
    let again = Replica::load(super::circle::identity(1), reader, hint).unwrap();
    assert_eq!(again.agreement(NOW).unwrap(), seen(&circle));
}
