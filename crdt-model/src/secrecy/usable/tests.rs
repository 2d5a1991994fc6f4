//! Tests of the K rules, on rosters made by hand.

use super::*;
use crate::bounded::Bytes;
use crate::id::PersonId;
use crate::key::Secret;
use crate::membership::act::Role;
use crate::membership::roster::{Device, Person, Standing};
use crate::secrecy::epoch::EpochKey;
use crate::secrecy::kem::PublicKey;

const TODAY: Day = Day(1000);

/// A circle of devices 1 to `count`, each of the person with its number, and a ring.
struct Circle {
    roster: Roster,
    ring: Ring,
}

fn device(number: u8) -> DeviceId {
    DeviceId([number; 32])
}

fn act(number: u8) -> ActId {
    ActId([number; 32])
}

fn keys(number: u8) -> [EpochKey; 2] {
    [
        EpochKey::from_secret(Secret([number; 32])),
        EpochKey::from_secret(Secret([100 + number; 32])),
    ]
}

fn ids(number: u8) -> [EpochId; 2] {
    keys(number).map(|key| key.id())
}

impl Circle {
    fn of(count: u8) -> Self {
        let mut roster = Roster::default();
        for number in 1..=count {
            let person = PersonId([number; 32]);
            roster.people.insert(
                person,
                Person {
                    name: String::new(),
                    role: Role::Member,
                    standing: Standing::Active,
                    admitted: act(200 + number),
                    since: TODAY,
                    invite: None,
                    history: History::FromNow,
                    open_after: std::collections::BTreeMap::new(),
                },
            );
            roster.devices.insert(
                device(number),
                Device {
                    person,
                    kem: PublicKey {
                        suite: 2,
                        bytes: Bytes::default(),
                    },
                    added: act(200 + number),
                    active: true,
                    cut: None,
                    forked: false,
                },
            );
        }
        Self {
            roster,
            ring: Ring::default(),
        }
    }

    /// Adds an epoch for these devices, minted by the first, and takes its keys into the ring.
    fn epoch(mut self, number: u8, depth: u64, day: Day, to: &[u8]) -> Self {
        let [commons, stories] = ids(number);
        let to: BTreeSet<DeviceId> = to.iter().map(|number| device(*number)).collect();
        let by = *to.first().unwrap();
        let epoch = Epoch {
            commons,
            stories,
            by,
            day,
            depth,
            commons_to: to.clone(),
            stories_to: to,
            outdated: false,
        };
        self.roster.epochs.insert(act(number), epoch);
        for key in keys(number) {
            assert!(self.ring.insert(key.id(), key));
        }
        self
    }

    fn sealing(&self) -> Option<ActId> {
        sealing_epoch(&self.roster, &self.ring, device(1), TODAY)
    }

    fn due(&self, knows: bool) -> Vec<(DeviceId, Vec<EpochId>)> {
        let closed = |_| {
            let epochs = self.roster.epochs.values().filter(|_| knows);
            epochs.map(|epoch| epoch.stories).collect()
        };
        shares_due(&self.roster, closed, &self.ring, device(1))
    }
}

#[test]
fn nothing_is_sealed_without_an_epoch() {
    assert_eq!(Circle::of(2).sealing(), None);
}

#[test]
fn the_deepest_usable_epoch_seals_then_the_greatest_id() {
    let both = [1, 2];
    let circle = Circle::of(2)
        .epoch(1, 5, TODAY, &both)
        .epoch(2, 4, TODAY, &both);
    assert_eq!(circle.sealing(), Some(act(1)));
    let circle = Circle::of(2)
        .epoch(1, 5, TODAY, &both)
        .epoch(2, 5, TODAY, &both);
    let greatest = if ids(1)[0] > ids(2)[0] { 1 } else { 2 };
    assert_eq!(circle.sealing(), Some(act(greatest)));
}

#[test]
fn an_epoch_that_one_more_or_one_less_was_given_does_not_seal() {
    assert_eq!(Circle::of(2).epoch(1, 1, TODAY, &[1]).sealing(), None);
    assert_eq!(Circle::of(2).epoch(1, 1, TODAY, &[1, 2, 3]).sealing(), None);
    for class in [KeyClass::Commons, KeyClass::Stories] {
        let mut circle = Circle::of(2).epoch(1, 1, TODAY, &[1, 2]);
        let epoch = circle.roster.epochs.get_mut(&act(1)).unwrap();
        match class {
            KeyClass::Commons => epoch.commons_to.insert(device(3)),
            KeyClass::Stories => epoch.stories_to.insert(device(3)),
        };
        assert_eq!(circle.sealing(), None);
    }
}

#[test]
fn an_epoch_whose_minter_is_gone_does_not_seal() {
    let mut circle = Circle::of(2).epoch(1, 1, TODAY, &[1, 2]);
    circle.roster.epochs.get_mut(&act(1)).unwrap().by = device(3);
    assert_eq!(circle.sealing(), None);
}

#[test]
fn somebody_who_is_gone_ends_every_epoch_they_were_given() {
    let mut circle = Circle::of(3).epoch(1, 1, TODAY, &[1, 2, 3]);
    assert_eq!(circle.sealing(), Some(act(1)));
    circle.roster.devices.get_mut(&device(3)).unwrap().active = false;
    assert_eq!(circle.sealing(), None);
    let circle = circle.epoch(2, 2, TODAY, &[1, 2]);
    assert_eq!(circle.sealing(), Some(act(2)));
}

#[test]
fn a_device_that_does_not_belong_seals_nothing() {
    let mut circle = Circle::of(2).epoch(1, 1, TODAY, &[2]);
    circle.roster.devices.get_mut(&device(1)).unwrap().active = false;
    assert_eq!(circle.sealing(), None);
    assert!(circle.due(false).is_empty());
}

#[test]
fn both_keys_have_to_be_held() {
    for key in ids(1) {
        let mut circle = Circle::of(2).epoch(1, 1, TODAY, &[1, 2]);
        circle.ring.forget(&key);
        assert_eq!(circle.sealing(), None);
    }
}

#[test]
fn an_epoch_grows_old_and_none_lasts_because_its_day_lies_ahead() {
    for (day, seals) in [
        (Day(TODAY.0 - 30), false),
        (Day(TODAY.0 - 29), true),
        (TODAY, true),
        (Day(TODAY.0 + 1), true),
        (Day(TODAY.0 + 2), false),
        (Day(u32::MAX), false),
        (Day(0), false),
    ] {
        let circle = Circle::of(1).epoch(1, 1, day, &[1]);
        assert_eq!(circle.sealing().is_some(), seals, "{day:?}");
    }
}

#[test]
fn a_key_that_two_epochs_name_does_not_seal() {
    let mut circle = Circle::of(2)
        .epoch(1, 1, TODAY, &[1, 2, 3])
        .epoch(2, 2, TODAY, &[1, 2]);
    assert_eq!(circle.sealing(), Some(act(2)));
    circle.roster.epochs.get_mut(&act(2)).unwrap().commons = ids(1)[1];
    assert_eq!(circle.sealing(), None);
}

#[test]
fn a_newcomer_gets_all_commons_keys_and_the_stories_keys_of_their_time() {
    let circle = Circle::of(2)
        .epoch(1, 1, TODAY, &[1])
        .epoch(2, 2, TODAY, &[1]);
    let [old, new] = [ids(1), ids(2)];
    assert_eq!(circle.due(true), [(device(2), vec![new[0], old[0]])]);
    assert_eq!(
        circle.due(false),
        [(device(2), vec![new[0], new[1], old[0], old[1]])]
    );
    let only_old = |admission| {
        assert_eq!(admission, act(202));
        BTreeSet::from([old[1]])
    };
    let due = shares_due(&circle.roster, only_old, &circle.ring, device(1));
    assert_eq!(due, [(device(2), vec![new[0], new[1], old[0]])]);
}

#[test]
fn whoever_may_read_everything_gets_every_key() {
    let mut circle = Circle::of(2).epoch(1, 1, TODAY, &[1]);
    circle
        .roster
        .people
        .get_mut(&PersonId([2; 32]))
        .unwrap()
        .history = History::All;
    assert_eq!(circle.due(true), [(device(2), ids(1).to_vec())]);
    circle
        .roster
        .people
        .get_mut(&PersonId([2; 32]))
        .unwrap()
        .history = History::Days30;
    assert_eq!(circle.due(true), [(device(2), vec![ids(1)[0]])]);
}

#[test]
fn only_what_is_held_goes_to_active_devices_that_lack_it() {
    let mut circle = Circle::of(4).epoch(1, 1, TODAY, &[1, 2]);
    circle.roster.devices.get_mut(&device(4)).unwrap().active = false;
    circle.ring.forget(&ids(1)[1]);
    assert_eq!(circle.due(false), [(device(3), vec![ids(1)[0]])]);
    circle.ring.forget(&ids(1)[0]);
    assert!(circle.due(false).is_empty());
}

#[test]
fn one_share_has_a_limit_and_begins_with_the_newest() {
    let mut circle = Circle::of(2);
    let mut newest = EpochId::default();
    for number in 0..700_u64 {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        let commons = EpochKey::from_secret(Secret(bytes));
        bytes[31] = 1;
        let stories = EpochKey::from_secret(Secret(bytes));
        newest = commons.id();
        let epoch = Epoch {
            commons: commons.id(),
            stories: stories.id(),
            by: device(1),
            day: TODAY,
            depth: number,
            commons_to: BTreeSet::from([device(1)]),
            stories_to: BTreeSet::from([device(1)]),
            outdated: false,
        };
        circle.roster.epochs.insert(ActId(bytes), epoch);
        circle.ring.insert(commons.id(), commons);
        circle.ring.insert(stories.id(), stories);
    }
    let due = circle.due(false);
    assert_eq!((due[0].1.len(), due[0].1[0]), (MAX_SHARED, newest));
}

#[test]
fn who_is_named_as_a_recipient_may_not_have_a_key_for_that() {
    let mut circle = Circle::of(2)
        .epoch(1, 1, TODAY, &[1])
        .epoch(2, 2, TODAY, &[1, 2]);
    let [old, new] = [ids(1), ids(2)];
    let all = [old[0], old[1], new[0], new[1]];
    let closed = |_| BTreeSet::from([old[1]]);
    let may = |circle: &Circle, number| may_have(&circle.roster, closed, device(number), &all);
    let epoch = circle.roster.epochs.get_mut(&act(1)).unwrap();
    epoch.stories_to.insert(device(2));
    assert_eq!(may(&circle, 2), [old[0], new[0], new[1]]);
    // Not by another epoch that names it either, in whichever place.
    for class in [KeyClass::Commons, KeyClass::Stories] {
        let mut again = circle.roster.epochs[&act(2)].clone();
        match class {
            KeyClass::Commons => again.commons = old[1],
            KeyClass::Stories => again.stories = old[1],
        }
        circle.roster.epochs.insert(act(3), again);
        assert_eq!(may(&circle, 2), [old[0], new[0], new[1]]);
        assert!(
            !circle
                .due(true)
                .iter()
                .any(|(_, due)| due.contains(&old[1]))
        );
    }
    circle.roster.devices.get_mut(&device(2)).unwrap().active = false;
    assert!(may(&circle, 2).is_empty());
    let unknown = may_have(&circle.roster, closed, device(1), &[EpochId([9; 32])]);
    assert!(unknown.is_empty());
}

#[test]
fn who_was_not_given_a_key_does_not_share_it() {
    let mut circle = Circle::of(3).epoch(1, 1, TODAY, &[1]);
    circle.roster.epochs.get_mut(&act(1)).unwrap().commons_to = BTreeSet::from([device(2)]);
    assert_eq!(circle.due(true), []);
}
