//! Where a removal cuts, and what becomes of the words beyond.

use super::circle::{Circle, NOW, Other, story};
use crate::bounded::List;
use crate::id::{ActId, ThingId};
use crate::log::entry::{Entry, Place};
use crate::log::header::{self, Action, Header};
use crate::log::run::Run;
use crate::membership::act::{Cut, History, Kind, NewDevice, Role};
use crate::replica::acts::Taken;
use crate::replica::input::{Command, Input};
use crate::replica::output::Outbox;
use crate::replica::{Identity, Replica};
use crate::store::Space;
use crate::time::Timestamp;
use core::time::Duration;

/// A month, and a little more.
const MONTH: Duration = Duration::from_hours(24 * 30 + 1);

/// Bo, and two keepers.
pub(super) fn with_keepers() -> (Circle, Other, Other, Other) {
    let mut circle = Circle::found();
    let others = [2, 3, 4].map(|seed| circle.join(seed, History::All));
    let [bo, cai, eve] = others;
    for keeper in [&cai, &eve] {
        let (person, role) = (keeper.keys.person.person(), Role::Keeper);
        circle.replica.act(Kind::SetRole { person, role }, NOW);
    }
    (circle, bo, cai, eve)
}

pub(super) fn entry(circle: &Circle, who: &Other, seq: u64) -> Option<Entry> {
    let device = who.keys.device.device();
    let branches = 0..crate::log::frontier::MAX_BRANCHES;
    let places = branches.map(|branch| Place {
        device,
        branch,
        seq,
    });
    let entries = places.map(|place| circle.replica.rows.entry(&place).unwrap());
    entries.flatten().next()
}

/// A removal that cuts somebody after an entry.
pub(super) fn removal(circle: &Circle, who: &Other, seq: u64) -> Kind {
    let cut = entry(circle, who, seq).map(|entry| Cut {
        device: who.keys.device.device(),
        seq,
        entry: entry.id(),
        signature: header::sign(&who.keys.device, &entry.id()),
    });
    Kind::Remove {
        person: who.keys.person.person(),
        cut: List::new(cut.into_iter().collect()).unwrap(),
    }
}

pub(super) fn heads(circle: &Circle) -> Vec<ActId> {
    circle.replica.graph.as_ref().unwrap().heads()
}

/// What follows of acts for the words. Without an ack: Ana would be a witness of what is to fall.
pub(super) fn settle(circle: &mut Circle, now: Timestamp) {
    circle.replica.apply_cuts(now).unwrap();
    circle.finish();
}

pub(super) fn wake(circle: &mut Circle, now: Timestamp) {
    let mut out = Outbox::default();
    let input = Input::Wake;
    circle.replica.handle(now, &mut circle.rng, input, &mut out);
    circle.store.apply(out.writes);
}

/// Ends this replica and opens it from its store.
pub(super) fn restart(circle: &mut Circle) {
    let hint = circle.replica.hint();
    let identity: Identity = circle.replica.identity.clone();
    let reader = Box::new(circle.store.clone());
    circle.replica = Replica::load(identity, reader, hint).unwrap();
}

/// Eve cuts Bo after his first entry; Cai, who has not heard, has removed Eve beside that.
fn cut_and_undone(
    circle: &mut Circle,
    (bo, cai, eve): (&Other, &Other, &Other),
    between: impl FnOnce(&mut Circle),
) {
    let before = heads(circle);
    let (of_bo, of_eve) = (removal(circle, bo, 1), removal(circle, eve, 0));
    assert_eq!(circle.act_on(eve, &before, of_bo).1, Taken::New);
    settle(circle, NOW);
    between(circle);
    assert_eq!(circle.act_on(cai, &before, of_eve).1, Taken::New);
    settle(circle, NOW);
}

fn held(circle: &Circle, who: &Other) -> u64 {
    let chains = circle.replica.frontier.chains();
    let theirs = chains.filter(|((device, _), _)| *device == who.keys.device.device());
    theirs.map(|(_, chain)| chain.len()).sum()
}

/// How many rows of the log there are of somebody.
fn rows(circle: &Circle, who: &Other) -> usize {
    let device = who.keys.device.device();
    let branches = 0..crate::log::frontier::MAX_BRANCHES;
    let owners = branches.map(|branch| Place::owner(&circle.replica.hint(), &device, branch));
    owners
        .map(|owner| circle.store.rows_of(Space::Log, &owner))
        .sum()
}

#[test]
fn words_beyond_a_cut_come_back_when_the_removal_falls() {
    for restarts in [false, true] {
        let (mut circle, mut bo, cai, eve) = with_keepers();
        for (nonce, text) in [(1, "one"), (2, "two"), (3, "three")] {
            circle.tell(&mut bo, nonce, text);
        }
        let digest = circle.replica.compute_digest();
        cut_and_undone(&mut circle, (&bo, &cai, &eve), |circle| {
            assert_eq!(circle.texts(), ["one"]);
            assert_eq!(held(circle, &bo), 1, "nobody is told of more");
            assert_ne!(circle.replica.compute_digest(), digest);
            if restarts {
                restart(circle);
                assert_eq!(circle.texts(), ["one"]);
            }
        });
        if restarts {
            restart(&mut circle);
        }
        assert_eq!(circle.texts(), ["three", "two", "one"]);
        assert_eq!(held(&circle, &bo), 3);
        assert_eq!(rows(&circle, &bo), 3);
        circle.tell(&mut bo, 4, "four");
        assert_eq!(circle.texts(), ["four", "three", "two", "one"]);
    }
}

#[test]
fn what_is_beyond_a_cut_is_kept_once_whoever_offers_it() {
    let (mut circle, mut bo, cai, eve) = with_keepers();
    for nonce in 1..=3 {
        circle.tell(&mut bo, nonce, "words");
    }
    let again = entry(&circle, &bo, 3).unwrap();
    cut_and_undone(&mut circle, (&bo, &cai, &eve), |circle| {
        circle.take(&bo, &again);
        circle.finish();
        assert_eq!((held(circle, &bo), rows(circle, &bo)), (1, 3));
    });
    circle.take(&bo, &again);
    circle.finish();
    assert_eq!((held(&circle, &bo), rows(&circle, &bo)), (3, 3));
    assert_eq!(circle.texts().len(), 3);
}

#[test]
fn words_beyond_a_cut_are_erased_after_a_month() {
    let (mut circle, mut bo, cai, eve) = with_keepers();
    let mut things: Vec<ThingId> = Vec::new();
    for nonce in 1..=3 {
        things.push(circle.tell(&mut bo, nonce, "words"));
    }
    cut_and_undone(&mut circle, (&bo, &cai, &eve), |circle| {
        // A clock that jumps far ahead does not count.
        for moment in [NOW.after(MONTH / 2), NOW.after(100 * MONTH)] {
            wake(circle, moment);
            assert_eq!(rows(circle, &bo), 3);
        }
        restart(circle);
        wake(circle, NOW.after(MONTH));
        assert_eq!(rows(circle, &bo), 1);
        let forgotten = circle.store.forgotten();
        let gone = things.iter().map(|thing| forgotten.contains(thing));
        assert!(gone.eq([false, true, true]));
    });
    assert_eq!(circle.texts().len(), 1);
}

#[test]
fn what_was_taken_back_while_beyond_a_cut_does_not_come_back() {
    let (mut circle, mut bo, cai, eve) = with_keepers();
    for (nonce, text) in [(1, "one"), (2, "two"), (3, "three")] {
        circle.tell(&mut bo, nonce, text);
    }
    let of_two = Header {
        action: Action::Retract,
        epoch: crate::id::EpochId::default(),
        ..circle.header(&bo, 2)
    };
    let retract = bo.sign_retract(of_two);
    cut_and_undone(&mut circle, (&bo, &cai, &eve), |circle| {
        circle.take(&bo, &retract);
        circle.finish();
    });
    assert_eq!(circle.texts(), ["three", "one"]);
    assert_eq!(entry(&circle, &bo, 2).unwrap().body, None);
    circle.take(&bo, &retract);
    assert_eq!(circle.texts(), ["three", "one"]);
    assert_eq!(held(&circle, &bo), 4);
}

#[test]
fn who_was_removed_keeps_their_words_on_every_device() {
    let (mut circle, mut bo, cai, _) = with_keepers();
    circle.share("mine");
    circle.tell(&mut bo, 1, "Bo's");
    let me = circle.replica.me();
    let mut second = Other::new(9);
    second.keys.person = circle.replica.identity.person.clone();
    let kem = second.keys.kem.public().clone();
    let device = NewDevice::sign_for(circle.replica.hint(), me, &second.keys.device, kem);
    let certificate = None;
    let add = Kind::AddDevice {
        device,
        certificate,
    };
    assert!(circle.replica.act(add, NOW).is_some());
    circle.tell(&mut second, 1, "mine from elsewhere");
    let kind = Kind::Remove {
        person: me,
        cut: List::default(),
    };
    assert_eq!(circle.act(&cai, kind).1, Taken::New);
    settle(&mut circle, NOW);
    wake(&mut circle, NOW.after(MONTH));
    assert_eq!(circle.texts(), ["Bo's", "mine from elsewhere", "mine"]);
    assert_eq!(held(&circle, &second), 1);
    let device = circle.replica.device();
    assert!(!circle.replica.frontier.chain(&device, 0).is_empty());
}

#[test]
fn a_removal_keeps_the_words_of_every_branch() {
    let (mut circle, mut bo, ..) = with_keepers();
    circle.tell(&mut bo, 1, "one");
    let mut other = bo.copy();
    circle.tell(&mut bo, 2, "two");
    for nonce in 3..=5 {
        circle.tell(&mut other, nonce, &format!("other {nonce}"));
    }
    let person = bo.keys.person.person();
    let mut out = Outbox::default();
    let command = Command::Remove { person };
    let done = circle
        .replica
        .command(command, NOW, &mut circle.rng, &mut out);
    assert!(done.is_ok());
    assert_eq!(circle.texts().len(), 5);
    assert_eq!(held(&circle, &bo), 5);
}

#[test]
fn what_lies_on_any_branch_stays_closed_to_who_comes_later() {
    let (mut circle, mut bo, ..) = with_keepers();
    circle.tell(&mut bo, 1, "one");
    let mut other = bo.copy();
    circle.tell(&mut bo, 2, "two");
    for nonce in 3..=5 {
        circle.tell(&mut other, nonce, "other");
    }
    let dee = circle.join(5, History::FromNow);
    let roster = circle.replica.roster().unwrap();
    let open_after = &roster.people[&dee.keys.person.person()].open_after;
    assert_eq!(open_after.get(&bo.keys.device.device()), Some(&4));
    let device = dee.keys.device.device();
    for seq in 1..=4 {
        let place = |branch| Place {
            device: bo.keys.device.device(),
            branch,
            seq,
        };
        for branch in 0..2 {
            let entry = circle.replica.rows.entry(&place(branch)).unwrap();
            let read = entry.is_some_and(|entry| {
                let header = entry.header.header();
                circle.replica.may_read(device, header)
            });
            assert!(!read, "branch {branch}, {seq}");
        }
    }
}

#[test]
fn removing_somebody_reads_no_more_than_it_needs() {
    let (mut circle, mut bo, ..) = with_keepers();
    for nonce in 0..200 {
        circle.tell(&mut bo, nonce, "words");
    }
    circle.finish();
    let before = circle.store.reads();
    let devices = [bo.keys.device.device()];
    let cuts = circle.replica.cuts_of(&devices).unwrap();
    assert_eq!(cuts[0].seq, 200);
    let reads = circle.store.reads() - before;
    assert!(reads <= 64, "{reads}");
}

#[test]
fn a_cut_of_many_entries_reads_them_in_pages() {
    let (mut circle, mut bo, cai, eve) = with_keepers();
    for nonce in 0..150 {
        circle.tell(&mut bo, nonce, "words");
    }
    circle.finish();
    cut_and_undone(&mut circle, (&bo, &cai, &eve), |circle| {
        assert!(circle.store.most_at_once() <= 64);
        assert_eq!((held(circle, &bo), rows(circle, &bo)), (1, 150));
    });
    assert_eq!((held(&circle, &bo), rows(&circle, &bo)), (150, 150));
    assert!(circle.store.most_at_once() <= 64);
}

#[test]
fn what_links_to_words_beyond_a_cut_finds_them_put_back() {
    let (mut circle, mut bo, cai, eve) = with_keepers();
    circle.tell(&mut bo, 1, "one");
    let two = circle.tell_apart(&mut bo, 2, "two");
    let three = circle.tell_apart(&mut bo, 3, "three");
    circle.take(&bo, &three);
    circle.finish();
    cut_and_undone(&mut circle, (&bo, &cai, &eve), |circle| {
        assert_eq!(circle.texts(), ["one"]);
    });
    assert_eq!(circle.texts(), ["three", "one"]);
    let run = Run::pack(&[two], bo.keys.person.person()).unwrap();
    circle.replica.take_run(run, NOW).unwrap();
    assert_eq!(circle.texts(), ["three", "two", "one"]);
    let device = bo.keys.device.device();
    assert_eq!(circle.replica.frontier.chain(&device, 0).len(), 3);
}

#[test]
fn who_is_no_keeper_any_more_stays_so_whatever_they_leave_out() {
    for backwards in [false, true] {
        let (mut circle, _, mut cai, _) = with_keepers();
        let before = List::new(heads(&circle)).unwrap();
        let mut entries = vec![circle.name_circle(&mut cai, 1, "Wednesday", None)];
        let (person, role) = (cai.keys.person.person(), Role::Member);
        circle.replica.act(Kind::SetRole { person, role }, NOW);
        entries.push(circle.tell_apart(&mut cai, 2, "I know"));
        // An entry that says nothing, and then one that names the circle.
        let header = Header {
            heads: before.clone(),
            ..circle.header(&cai, 3)
        };
        let body = story("I never heard").create(header.device).unwrap();
        let (header, sealed) = circle.seal(header, &body);
        entries.push(cai.sign(header, &sealed));
        entries.push(circle.name_circle(&mut cai, 4, "Mine", Some(&before)));
        if backwards {
            entries.reverse();
        }
        for entry in &entries {
            circle.take(&cai, entry);
        }
        circle.finish();
        assert_eq!(circle.replica.circle_name(), "Wednesday");
        restart(&mut circle);
        entries.clear();
        entries.push(circle.name_circle(&mut cai, 5, "Mine again", Some(&before)));
        circle.take(&cai, &entries[0]);
        assert_eq!(circle.replica.circle_name(), "Wednesday");
    }
}

#[test]
fn who_was_never_a_keeper_costs_no_look_into_the_past() {
    let (mut circle, mut bo, ..) = with_keepers();
    let entry = circle.name_circle(&mut bo, 1, "Mine", None);
    let graph = circle.replica.graph.as_ref().unwrap();
    assert!(!graph.is_named_keeper(&bo.keys.person.person()));
    circle.take(&bo, &entry);
    assert_eq!(circle.replica.circle_name(), "Tuesday");
}

#[test]
fn acts_of_the_removed_may_be_left_out() {
    let (mut circle, bo, mut cai, _) = with_keepers();
    let before = heads(&circle);
    let ack = Kind::Ack {
        removals: List::default(),
    };
    assert_eq!(circle.act_on(&bo, &before, ack).1, Taken::New);
    let first = circle.tell_apart(&mut cai, 1, "I saw what Bo said");
    circle.take(&cai, &first);
    let remove = removal(&circle, &bo, 0);
    let (removed, taken) = circle.act_on(&cai, &before, remove);
    assert_eq!(taken, Taken::New);
    let known = List::new(vec![removed]).unwrap();
    let entry = circle.name_circle(&mut cai, 2, "Wednesday", Some(&known));
    circle.take(&cai, &entry);
    assert_eq!(circle.replica.circle_name(), "Wednesday");
}
