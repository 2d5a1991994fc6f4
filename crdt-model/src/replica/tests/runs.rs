//! A run that cannot be checked here ends no honest link, and one that was changed is not taken.

use super::circle::{Circle, NOW, Other, story};
use crate::bounded::List;
use crate::codec;
use crate::id::PeerId;
use crate::log::entry::Entry;
use crate::log::run::Run;
use crate::membership::act::History;
use crate::replica::Link;
use crate::replica::entries::RunTaken;
use crate::replica::input::{Input, LinkId};
use crate::replica::output::{Outbox, Output};
use crate::sync::message::Message;
use crate::sync::session::Session;

fn run(entry: &Entry, who: &Other) -> Run {
    Run::pack(std::slice::from_ref(entry), who.keys.person.person()).unwrap()
}

#[test]
fn a_run_without_a_voucher_is_acknowledged_and_asked_for_anew() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    circle.finish();
    let device = bo.keys.device.device();
    let header = circle.header(&bo, 1);
    let body = story("from Bo").create(device).unwrap();
    let (header, sealed) = circle.seal(header, &body);
    let entry = bo.sign(header, &sealed);
    let with = |signature| Entry {
        signature,
        ..entry.clone()
    };
    let (link, peer) = (LinkId(1), PeerId([9; 32]));
    circle.replica.links.insert(
        link,
        Link {
            peer,
            dialled: false,
            address: None,
            target: None,
            session: Some(Session::new(peer, device, false)),
            hello: None,
        },
    );
    let say = |circle: &mut Circle, entry: &Entry| {
        let frame = Message::Run(run(entry, &bo)).to_frame();
        let mut out = Outbox::default();
        let input = Input::Frame { link, frame };
        circle.replica.handle(NOW, &mut circle.rng, input, &mut out);
        circle.store.apply(out.writes);
        out.outputs
    };
    let outputs = say(&mut circle, &with(None));
    let stored = Message::Stored(1).to_frame();
    let acknowledged =
        |output: &Output| matches!(output, Output::Send { frame, .. } if *frame == stored);
    assert!(outputs.iter().any(acknowledged));
    assert!(!outputs.contains(&Output::Close { link }));
    assert!(!circle.replica.frontier.holds(&device, 0, 1));
    let session = circle.replica.links[&link].session.as_ref().unwrap();
    assert!(session.anew_at > Some(NOW), "not at once");
    // A false signature ends the link; a true one is enough.
    let false_one = bo.keys.person.sign("something else", b"");
    let taken = circle
        .replica
        .take_run(run(&with(Some(false_one)), &bo), NOW);
    assert_eq!(taken, Ok(RunTaken::Bad));
    assert!(say(&mut circle, &with(Some(false_one))).contains(&Output::Close { link }));
    let taken = circle.replica.take_run(run(&entry, &bo), NOW);
    assert_eq!(taken, Ok(RunTaken::Stored));
}

#[test]
fn what_was_changed_left_out_or_put_elsewhere_in_a_run_is_not_taken() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let texts = ["one", "two", "six"];
    let entries: Vec<Entry> = (1..)
        .zip(texts)
        .map(|(nonce, text)| circle.tell_apart(&mut bo, nonce, text))
        .collect();
    let whole = Run::pack(&entries, bo.keys.person.person()).unwrap();
    let bytes = codec::encode(&whole);
    let place = |at: usize| {
        let body = entries[at].body.as_deref().unwrap();
        let start = bytes.windows(body.len()).position(|part| part == body);
        (start.unwrap(), body)
    };
    let ((first, one), (second, two)) = (place(0), place(1));
    let mut changed = bytes.clone();
    changed[second] ^= 1;
    let mut swapped = bytes.clone();
    swapped[first..][..two.len()].copy_from_slice(two);
    swapped[second..][..one.len()].copy_from_slice(one);
    let runs = [changed, swapped].map(|bytes| codec::decode::<Run>(&bytes).unwrap());
    assert!(runs.iter().all(|run| *run != whole));
    let mut less = whole.clone();
    let mut slims = less.entries.into_inner();
    slims.remove(1);
    less.entries = List::new(slims).unwrap();
    for run in runs.iter().chain([&less]) {
        let taken = circle.replica.take_run(run.clone(), NOW);
        assert_eq!(taken, Ok(RunTaken::Bad));
    }
    assert_eq!(circle.texts(), [""; 0]);
    let taken = circle.replica.take_run(whole, NOW);
    assert_eq!(taken, Ok(RunTaken::Stored));
    assert_eq!(circle.texts(), ["six", "two", "one"]);
}
