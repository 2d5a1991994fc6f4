//! People, their devices and their roles.

use crate::bounded::List;
use crate::id::{ActId, EntryId};
use crate::log::header;
use crate::membership::act::{self, Act, Cut, Error, History, Kind, Mark, Role, Rules};
use crate::membership::graph::{Graph, Insert};
use crate::membership::judge::Refusal;
use crate::membership::testing::{
    World, ack, add_device, admit, device, invite, kem, key, leave, names, person, remove,
    remove_device, set_role, write,
};
use crate::time::Day;

/// A cut at an entry of a device's own.
fn cut(name: &str, seq: u64) -> Cut {
    let entry = EntryId([seq as u8; 32]);
    Cut {
        device: device(name),
        seq,
        entry,
        signature: header::sign(&key(name), &entry),
    }
}

#[test]
fn a_member_adds_a_device_and_removes_one() {
    let mut world = World::of(&["ana", "bo"]);
    world.say("bo", add_device(world.circle, "bo2", false));
    world.tell("bo", "bo2");
    world.say("bo2", ack());
    world.say("bo2", remove_device("bo", Some(cut("bo", 3))));
    let merged = world.merged();
    let roster = merged.roster();
    assert!(roster.is_active(&device("bo2")));
    assert!(!roster.is_active(&device("bo")));
    assert_eq!(
        roster.devices[&device("bo")].cut,
        Some((3, EntryId([3; 32])))
    );
    assert_eq!(names(roster), ["ana", "bo"]);
    let refused = world.try_say("ana", remove_device("bo2", None));
    assert!(matches!(refused, Err(Insert::Refused(Refusal::Subject))));
}

#[test]
fn a_person_key_brings_a_new_device_in() {
    let mut world = World::of(&["ana", "bo"]);
    world.tell("ana", "bo2");
    world.say("bo2", add_device(world.circle, "bo2", true));
    world.say("bo2", ack());
    assert!(world.merged().roster().is_active(&device("bo2")));
    // Not after the person was removed.
    world.say("ana", remove("bo"));
    world.tell("ana", "bo3");
    let refused = world.try_say("bo3", add_device(world.circle, "bo3", true));
    assert_eq!(refused, Err(Insert::Refused(Refusal::Author)));
    // Nor beside it.
    assert!(!world.merged().roster().is_active(&device("bo2")));
}

#[test]
fn a_stolen_device_is_ended_with_what_it_says_beside() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("bo", add_device(world.circle, "bo2", false));
    world.meet(&["ana", "bo", "cai"]);
    world.tell("bo", "bo2");
    world.say("bo", remove_device("bo2", None));
    let act = world.join("bo2", "thief");
    let merged = world.merged();
    assert!(merged.is_void(&act));
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai"]);
}

#[test]
fn all_devices_go_with_their_person_and_the_largest_cut_counts() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["cai"]);
    world.say("bo", add_device(world.circle, "bo2", false));
    world.meet_all();
    let removal = |seq: u64| Kind::Remove {
        person: person("bo"),
        cut: List::new(vec![cut("bo2", seq)]).unwrap(),
    };
    world.say("ana", removal(4));
    world.say("cai", removal(9));
    let merged = world.merged();
    let roster = merged.roster();
    assert_eq!(
        roster.devices[&device("bo2")].cut,
        Some((9, EntryId([9; 32])))
    );
    assert_eq!(roster.devices[&device("bo")].cut, None);
    assert_eq!(roster.active_devices().count(), 2);
}

#[test]
fn a_keeper_changes_roles_and_rules_and_a_member_does_not() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    let rules = Rules {
        keepers_invite: true,
        quorum: false,
    };
    let refused = Err(Insert::Refused(Refusal::Role));
    assert_eq!(world.try_say("bo", Kind::SetRules { rules }), refused);
    world.say("ana", Kind::SetRules { rules });
    world.meet_all();
    assert_eq!(world.try_say("bo", invite("i", 1, Role::Member)), refused);
    world.say("bo", set_role("bo", Role::Keeper));
    world.meet_all();
    assert!(!world.merged().roster().is_keeper(&person("bo")));
    world.say("ana", set_role("bo", Role::Keeper));
    world.meet_all();
    world.say("bo", invite("i", 1, Role::Member));
    world.say("bo", leave());
    assert!(!world.merged().roster().is_keeper(&person("bo")));
}

#[test]
fn a_newcomer_reads_from_where_both_admissions_allow() {
    let mut world = World::of(&["ana", "bo"]);
    world.say("ana", invite("i", 1, Role::Member));
    world.meet_all();
    let marked = |world: &World, marks: &[(&str, u64)]| {
        let Kind::Admit {
            invite,
            newcomer,
            proof,
            ..
        } = admit(world.circle, "i", "cai")
        else {
            unreachable!()
        };
        let marks = marks.iter().map(|(name, seq)| Mark {
            device: device(name),
            seq: *seq,
        });
        let since = List::new(marks.collect()).unwrap();
        Kind::Admit {
            invite,
            newcomer,
            proof,
            since,
        }
    };
    let one = marked(&world, &[("ana", 5), ("bo", 7)]);
    let other = marked(&world, &[("ana", 8)]);
    world.say("ana", one);
    world.say("bo", other);
    let merged = world.merged();
    let cai = &merged.roster().people[&person("cai")];
    assert_eq!(cai.open_after, [(device("ana"), 5)].into());
    assert_eq!(cai.history, History::FromNow);
    assert_eq!(merged.roster().people[&person("ana")].history, History::All);
}

#[test]
fn a_device_has_one_key_at_a_time() {
    let mut world = World::of(&["ana", "bo"]);
    let mut new = kem();
    new.suite = 2;
    world.say("bo", Kind::Rekey { kem: new.clone() });
    assert_eq!(world.merged().roster().devices[&device("bo")].kem, new);
}

#[test]
fn points_in_the_past_stay_as_they_were() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    let before = world.heads("ana");
    world.say("ana", remove("cai"));
    let after = world.heads("ana");
    let mut graph = world.merged();
    assert_eq!(
        names(&graph.roster_at(&before).unwrap()),
        ["ana", "bo", "cai"]
    );
    assert_eq!(names(&graph.roster_at(&after).unwrap()), ["ana", "bo"]);
    assert!(graph.covers(&after, &before) && !graph.covers(&before, &after));
    assert!(graph.roster_at(&[ActId([1; 32])]).is_none());
    assert!(!graph.knows(&before, &after[0]));
    assert!(graph.depth(&after[0]) > graph.depth(&before[0]));
    assert_eq!(names(&graph.roster_at(&[]).unwrap()), [""; 0]);
}

#[test]
fn two_thousand_acts_in_a_row_and_a_thousand_beside() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.tell("ana", "bo");
    let mut graph = world.replicas.remove("ana").unwrap();
    let circle = world.circle;
    for turn in 0..2000 {
        let name = ["ana", "bo", "cai"][turn % 3];
        let kind = match turn % 100 {
            0 => set_role("bo", Role::Member),
            _ => ack(),
        };
        let act = write(
            circle,
            name,
            graph.next(&device(name)),
            &graph.heads(),
            kind,
        );
        assert_eq!(graph.insert(act), Insert::Attached);
    }
    // Somebody who was away writes a thousand acts on what they knew.
    let mut away = world.replicas.remove("bo").unwrap();
    let mut acts = Vec::new();
    for _ in 0..1000 {
        let act = write(
            circle,
            "cai",
            away.next(&device("cai")),
            &away.heads(),
            ack(),
        );
        assert_eq!(away.insert(act.clone()), Insert::Attached);
        acts.push(act);
    }
    for act in acts {
        assert_eq!(graph.insert(act), Insert::Attached);
    }
    assert_eq!(names(graph.roster()), ["ana", "bo", "cai"]);
    let mut copy = Graph::new(circle);
    for act in graph.missing_for(&[]) {
        assert_eq!(copy.insert(act.clone()), Insert::Attached);
    }
    assert_eq!(copy.roster(), graph.roster());
}

#[test]
fn a_cut_counts_only_with_the_signature_of_the_device_itself() {
    let world = World::of(&["ana", "bo"]);
    let forged = Cut {
        signature: header::sign(&key("ana"), &EntryId([3; 32])),
        ..cut("bo", 3)
    };
    for (cut, expected) in [(cut("bo", 3), Ok(())), (forged, Err(Error::Signature))] {
        let list = || List::new(vec![cut]).unwrap();
        let person = person("bo");
        let kinds = [
            Kind::Remove {
                person,
                cut: list(),
            },
            Kind::Leave { cut: list() },
            remove_device("bo", Some(cut)),
        ];
        for kind in kinds {
            let act = Act {
                version: act::VERSION,
                suite: act::SUITE,
                circle: world.circle,
                device: device("ana"),
                seq: 2,
                prev: ActId([1; 32]),
                heads: List::default(),
                day: Day(1),
                kind,
            };
            let signed = act.sign(&key("ana")).signed().clone();
            assert_eq!(signed.verify(world.circle).map(|_| ()), expected);
        }
    }
}

/// Cai, who has not heard that Bo was removed and came back as a member, makes the Bo of before a keeper.
#[test]
fn a_role_ends_with_the_membership_that_it_was_given_to() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["cai"]);
    world.say("ana", remove("bo"));
    let back = world.join("ana", "bo2");
    for _ in 0..5 {
        world.say("cai", ack());
    }
    let role = world.say("cai", set_role("bo", Role::Keeper));
    let merged = world.merged();
    assert!(merged.depth(&role) > merged.depth(&back));
    assert!(merged.roster().is_member(&person("bo")));
    assert!(!merged.roster().is_keeper(&person("bo")));
}
