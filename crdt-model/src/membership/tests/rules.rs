//! R8, R9, what is left of R10 to R12, and ways on when nobody seems to be able to do anything.

use crate::membership::act::{Kind, Role, Rules, VerifiedAct};
use crate::membership::graph::{Graph, Insert};
use crate::membership::judge::Refusal;
use crate::membership::testing::{
    World, ack, add_device, admit, admit_as, deliver, device, epoch, invite, kem, leave, names,
    person, remove, remove_device, revoke, set_role, share, write,
};

const ROLE: Result<crate::id::ActId, Insert> = Err(Insert::Refused(Refusal::Role));

fn rules(keepers_invite: bool, quorum: bool) -> Kind {
    let rules = Rules {
        keepers_invite,
        quorum,
    };
    Kind::SetRules { rules }
}

/// Four keepers and a member, who ask for two of them.
fn quorum() -> World {
    let people = ["ana", "bo", "cai", "dee", "eve"];
    let mut world = World::of(&people).keepers("ana", &["bo", "cai", "dee"]);
    world.say("ana", rules(false, true));
    world.meet_all();
    world
}

#[test]
fn with_a_quorum_one_keeper_asks_and_the_second_removes() {
    let mut world = quorum();
    let first = world.say("ana", remove("eve"));
    let merged = world.merged();
    assert!(merged.roster().is_member(&person("eve")));
    assert_eq!(merged.roster().asked_out, [person("eve")].into());
    let keyed: Vec<_> = merged.roster().keyed_devices(device("ana")).collect();
    assert_eq!(keyed.len(), 4);
    world.meet_all();
    let second = world.say("bo", remove("eve"));
    let merged = world.merged();
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai", "dee"]);
    let removals: Vec<_> = merged.roster().removals.keys().copied().collect();
    assert_eq!(removals, [first.min(second), first.max(second)]);
    assert!(merged.roster().asked_out.is_empty());
}

#[test]
fn with_a_quorum_one_keeper_alone_changes_no_role_makes_no_keeper_and_does_not_end_it() {
    let mut world = quorum();
    assert_eq!(world.try_say("ana", rules(false, false)), ROLE);
    assert_eq!(world.try_say("ana", invite("k", 1, Role::Keeper)), ROLE);
    world.say("ana", set_role("bo", Role::Member));
    assert!(world.merged().roster().is_keeper(&person("bo")));
    world.say("cai", set_role("bo", Role::Member));
    assert!(!world.merged().roster().is_keeper(&person("bo")));
    // With three keepers left it does not bind any more.
    world.meet_all();
    world.say("ana", rules(false, false));
    world.say("ana", remove("eve"));
    assert_eq!(world.members(), ["ana", "bo", "cai", "dee"]);
}

#[test]
fn an_invite_for_keepers_from_before_it_took_two_makes_none() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]).keepers("ana", &["bo", "cai", "dee"]);
    world.say("ana", invite("k", 2, Role::Keeper));
    world.meet_all();
    world.join_by("bo", "k", "eve");
    world.meet_all();
    world.say("ana", rules(false, true));
    world.meet_all();
    assert_eq!(world.try_say("bo", admit(world.circle, "k", "pat")), ROLE);
    // Who came by it before stays a keeper.
    assert!(world.merged().roster().is_keeper(&person("eve")));
}

#[test]
fn another_keeper_says_that_somebody_stays_and_the_asking_begins_anew() {
    let mut world = quorum();
    world.say("ana", remove("eve"));
    world.meet_all();
    world.say("bo", set_role("eve", Role::Member));
    assert!(world.merged().roster().asked_out.is_empty());
    world.meet_all();
    world.say("cai", remove("eve"));
    let merged = world.merged();
    assert!(merged.roster().is_member(&person("eve")));
    assert_eq!(merged.roster().asked_out, [person("eve")].into());
}

#[test]
fn one_keeper_asks_one_person_out_at_a_time() {
    let mut world = quorum();
    for name in ["bo", "cai", "eve"] {
        world.say("ana", remove(name));
    }
    assert_eq!(world.merged().roster().asked_out, [person("eve")].into());
    // Nor by one who is no keeper any more.
    world.meet_all();
    for by in ["bo", "cai"] {
        world.say(by, set_role("ana", Role::Member));
    }
    assert!(world.merged().roster().asked_out.is_empty());
}

#[test]
fn a_request_outlives_the_quorum() {
    let mut world = quorum();
    world.say("ana", remove("cai"));
    world.meet_all();
    world.say("dee", leave());
    let merged = world.merged();
    assert!(!merged.roster().two_keepers());
    assert_eq!(merged.roster().asked_out, [person("cai")].into());
    // Another keeper ends it now by any role, alone.
    world.meet_all();
    world.say("bo", set_role("cai", Role::Member));
    let merged = world.merged();
    assert!(merged.roster().is_member(&person("cai")));
    assert!(!merged.roster().is_keeper(&person("cai")));
    assert!(merged.roster().asked_out.is_empty());
}

#[test]
fn a_request_ends_when_who_asked_is_gone() {
    let mut world = quorum();
    world.say("ana", remove("eve"));
    world.meet_all();
    world.say("ana", leave());
    let merged = world.merged();
    assert!(merged.roster().is_member(&person("eve")));
    assert!(merged.roster().asked_out.is_empty());
}

#[test]
fn two_keepers_together_do_not_end_the_quorum_either() {
    let mut world = quorum();
    for name in ["ana", "bo", "cai", "dee"] {
        assert_eq!(world.try_say(name, rules(false, false)), ROLE);
    }
    // What leaves it in force is for each of them.
    world.say("ana", rules(true, true));
    let merged = world.merged();
    assert!(merged.roster().two_keepers() && merged.roster().rules.keepers_invite);
}

#[test]
fn another_role_that_two_give_does_not_end_a_request() {
    let mut world = quorum();
    world.say("ana", remove("eve"));
    world.meet_all();
    for name in ["bo", "cai"] {
        world.say(name, set_role("eve", Role::Keeper));
    }
    let merged = world.merged();
    assert!(merged.roster().is_keeper(&person("eve")));
    assert_eq!(merged.roster().asked_out, [person("eve")].into());
    // Nor does the one she has, where the asker gives it.
    world.meet_all();
    world.say("ana", set_role("eve", Role::Keeper));
    assert_eq!(world.merged().roster().asked_out, [person("eve")].into());
    world.say("bo", set_role("eve", Role::Keeper));
    assert!(world.merged().roster().asked_out.is_empty());
}

#[test]
fn what_the_long_removed_write_beside_is_dropped_and_shown_to_nobody() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]);
    world.say("ana", remove("dee"));
    let first = world.say("dee", ack());
    let mut had_it = world.merged();
    for name in ["bo", "cai"] {
        world.tell("ana", name);
        world.say(name, ack());
    }
    world.meet(&["ana", "bo", "cai"]);
    let mut without = world.replicas["ana"].clone();
    let _ = without.roster();
    assert!(without.is_late(&first, &device("dee")));
    for act in without.iter() {
        had_it.insert(act.clone());
    }
    assert!(had_it.contains(&first) && had_it.is_void(&first));
    assert_eq!(had_it.roster(), without.roster());
    assert_eq!(
        (had_it.heads(), had_it.tips()),
        (without.heads(), without.tips())
    );
    assert!(had_it.missing_for(&without.tips()).is_empty());
    // Whoever builds on it makes it worth reading.
    let place = world.place("cai");
    let on_it = write(world.circle, "cai", place_after(place), &[first], ack());
    assert!(matches!(without.insert(on_it.clone()), Insert::Missing(_)));
    assert!(!without.is_late(&first, &device("dee")));
    let dropped = had_it.get(&first).unwrap().clone();
    assert_eq!(without.insert(dropped), Insert::Attached);
    assert_eq!(without.insert(on_it.clone()), Insert::Attached);
    assert_eq!(had_it.insert(on_it), Insert::Attached);
    assert_eq!(had_it.roster(), without.roster());
    assert_eq!(had_it.heads(), without.heads());
}

fn place_after(place: (u64, crate::id::ActId)) -> (u64, crate::id::ActId) {
    (place.0 + 1, place.1)
}

#[test]
fn nothing_is_dropped_while_a_counter_removal_could_win() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    world.say("bo", remove("ana"));
    world.say("bo", remove("cai"));
    let late = world.say("ana", remove("bo"));
    assert!(!world.replicas["bo"].is_late(&late, &device("ana")));
    assert_eq!(world.members(), ["ana", "cai"]);
}

/// Cai, removed by Ana, saw first that Bo removed Ana. Whoever dropped that unread, because most know of
/// Cai's removal, would go on with Ana, and all others with Bo.
#[test]
fn nothing_is_dropped_that_could_decide_whether_the_removal_counts() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]).keepers("ana", &["bo"]);
    world.say("bo", remove("ana"));
    world.say("ana", remove("bo"));
    world.say("ana", remove("cai"));
    world.tell("ana", "dee");
    world.tell("bo", "dee");
    world.say("dee", ack());
    assert_eq!(names(world.replicas["dee"].roster()), ["ana", "dee"]);
    world.tell("bo", "cai");
    let saw = world.say("cai", ack());
    assert!(!world.replicas["dee"].is_late(&saw, &device("cai")));
    assert_eq!(world.members(), ["bo", "cai", "dee"]);
}

#[test]
fn a_flood_of_the_removed_grows_nothing_that_is_shown() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]);
    world.say("ana", remove("dee"));
    for name in ["bo", "cai"] {
        world.tell("ana", name);
        world.say(name, ack());
    }
    for turn in 0..200 {
        world.say("dee", invite(&format!("{turn}"), 1, Role::Member));
    }
    let flood: Vec<VerifiedAct> = world.replicas["dee"].iter().cloned().collect();
    let mut bo = world.merged();
    let shown = bo.missing_for(&[]).len();
    assert!(bo.len() > 200 && shown < 30, "{shown}");
    world.replicas.remove("dee");
    bo = world.merged();
    let late = flood
        .iter()
        .filter(|act| bo.is_late(&act.id(), &act.act().device) && !bo.contains(&act.id()));
    assert_eq!(late.count(), 200);
}

#[test]
fn an_admission_that_is_dated_back_does_not_use_up_what_somebody_came_by() {
    for fork in [false, true] {
        let mut world = World::of(&["ana", "bo", "cai", "dee"]);
        world.say("ana", invite("i", 1, Role::Member));
        world.say("cai", add_device(world.circle, "cai2", false));
        world.meet_all();
        world.tell("cai", "cai2");
        let early = world.place("cai");
        world.say("cai", ack());
        world.join_by("bo", "i", "eve");
        world.tell("bo", "dee");
        world.say("dee", ack());
        world.meet(&["ana", "bo", "dee", "eve"]);
        let heads = world.heads("cai2");
        let act = admit(world.circle, "i", "sam");
        if fork {
            let mut alone = Graph::new(world.circle);
            for act in world.replicas["cai2"].iter() {
                alone.insert(act.clone());
            }
            let forged = write(world.circle, "cai", place_after(early), &heads, act);
            assert_eq!(alone.insert(forged), Insert::Attached);
            world.replicas.insert("forger".into(), alone);
        } else {
            world.say("cai2", act);
        }
        assert_eq!(
            world.members(),
            ["ana", "bo", "cai", "dee", "eve"],
            "{fork}"
        );
    }
}

#[test]
fn a_founder_with_a_silent_device_does_not_outrank_those_who_came_later() {
    let mut world = World::of(&["ana", "cai"]).keepers("ana", &["cai"]);
    world.say("ana", add_device(world.circle, "ana2", false));
    world.tell("ana", "ana2");
    for name in ["dee", "eve"] {
        world.join("ana", name);
    }
    world.meet(&["ana", "cai", "dee", "eve"]);
    world.say("cai", remove("ana"));
    for name in ["dee", "eve"] {
        world.tell("cai", name);
        world.say(name, ack());
    }
    world.say("ana2", remove("cai"));
    assert_eq!(world.members(), ["cai", "dee", "eve"]);
}

#[test]
fn a_few_from_the_beginning_cannot_outvote_a_circle_that_has_grown() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    for name in ["bo", "cai"] {
        let second = format!("{name}2");
        world.say(name, add_device(world.circle, &second, false));
        world.meet(&["ana", "bo", "cai"]);
    }
    for name in ["bo", "cai"] {
        world.tell(name, &format!("{name}2"));
    }
    for name in ["dee", "eve", "fay"] {
        world.join("ana", name);
    }
    world.meet(&["ana", "bo", "cai", "dee", "eve", "fay"]);
    for name in ["bo", "cai", "dee", "eve", "fay"] {
        world.say(name, ack());
    }
    // Two of three at the time they pretend to speak at, two of six in truth.
    for name in ["bo2", "cai2"] {
        world.say(name, remove("ana"));
    }
    assert!(world.members().contains(&"ana".to_owned()));
}

#[test]
fn the_removed_do_not_save_themselves_by_closing_a_ring() {
    let people = ["ana", "bo", "cai", "dee", "eve", "fay"];
    let mut world = World::of(&people).keepers("ana", &["bo", "cai"]);
    world.say("ana", remove("bo"));
    world.tell("ana", "dee");
    world.say("dee", ack());
    world.say("cai", remove("ana"));
    for name in ["eve", "fay"] {
        world.tell("cai", name);
        world.say(name, ack());
    }
    assert_eq!(world.members(), ["cai", "dee", "eve", "fay"]);
    world.say("bo", remove("cai"));
    assert_eq!(world.members(), ["cai", "dee", "eve", "fay"]);
}

#[test]
fn a_demoted_keeper_cannot_end_others_invites_by_back_dating() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    world.say("cai", invite("i", 1, Role::Member));
    world.meet_all();
    world.say("ana", set_role("bo", Role::Member));
    world.say("bo", revoke("i"));
    world.join_by("cai", "i", "dee");
    assert_eq!(world.members(), ["ana", "bo", "cai", "dee"]);
}

#[test]
fn an_invite_of_a_demoted_keeper_makes_no_keeper_beside() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    world.say("bo", invite("known", 2, Role::Keeper));
    world.meet_all();
    world.say("ana", set_role("bo", Role::Member));
    world.join_by("cai", "known", "eve");
    world.say("bo", invite("k", 1, Role::Keeper));
    world.tell("bo", "cai");
    let act = world.join_by("cai", "k", "dee");
    let merged = world.merged();
    assert!(merged.is_void(&act));
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai", "eve"]);
    // What the demotion knew of made a keeper beside it, and makes none any more.
    assert!(merged.roster().is_keeper(&person("eve")));
    world.meet_all();
    assert_eq!(
        world.try_say("cai", admit(world.circle, "known", "pat")),
        ROLE
    );
}

#[test]
fn where_only_keepers_invite_a_demoted_one_lets_nobody_in_beside() {
    for keepers_invite in [false, true] {
        let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
        world.say("ana", rules(keepers_invite, false));
        world.say("ana", invite("i", 1, Role::Member));
        world.meet_all();
        world.say("ana", set_role("bo", Role::Member));
        world.join_by("bo", "i", "dee");
        let let_in = world.members().contains(&"dee".to_owned());
        assert_eq!(let_in, !keepers_invite);
    }
}

#[test]
fn whoever_holds_a_device_that_was_removed_cannot_come_in_by_what_it_knew() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("ana", invite("i", 1, Role::Member));
    world.say("bo", add_device(world.circle, "bo2", false));
    world.meet_all();
    world.tell("bo", "bo2");
    world.say("bo", remove_device("bo2", None));
    world.meet(&["ana", "bo", "cai"]);
    let refused = Err(Insert::Refused(Refusal::Invite));
    assert_eq!(
        world.try_say("cai", admit(world.circle, "i", "thief")),
        refused
    );
    // Nor by an invite that it makes beside, through somebody who has not heard.
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("bo", add_device(world.circle, "bo2", false));
    world.meet_all();
    world.tell("bo", "bo2");
    world.say("bo", remove_device("bo2", None));
    world.say("bo2", invite("j", 1, Role::Member));
    world.tell("bo2", "cai");
    world.join_by("cai", "j", "thief");
    assert_eq!(world.members(), ["ana", "bo", "cai"]);
}

#[test]
fn a_void_act_is_no_sign_of_knowing() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]).keepers("ana", &["bo"]);
    let act = world.say("ana", remove("dee"));
    world.say("bo", remove("cai"));
    world.tell("ana", "cai");
    world.say("cai", ack());
    let merged = world.merged();
    assert_eq!(
        merged.roster().removals[&act].known_by,
        [person("ana")].into()
    );
}

#[test]
fn a_new_kem_key_outdates_the_epochs_that_do_not_know_it() {
    let mut world = World::of(&["ana", "bo"]);
    let old = world.say("ana", epoch("old", &["ana", "bo"]));
    world.meet_all();
    let beside = world.say("ana", epoch("beside", &["ana", "bo"]));
    world.say("bo", Kind::Rekey { kem: kem() });
    world.meet_all();
    let new = world.say("ana", epoch("new", &["ana", "bo"]));
    let merged = world.merged();
    let outdated = [old, beside, new].map(|act| merged.roster().epochs[&act].outdated);
    assert_eq!(outdated, [true, true, false]);
}

#[test]
fn of_two_the_one_who_stays_goes_on_with_somebody_new() {
    for keepers_invite in [false, true] {
        let mut world = World::of(&["ana", "bo"]);
        world.say("ana", rules(keepers_invite, false));
        world.meet_all();
        world.join("bo", "cai");
        world.meet(&["bo", "cai"]);
        for name in ["bo", "cai"] {
            world.say(name, set_role("bo", Role::Keeper));
            world.meet(&["bo", "cai"]);
        }
        assert!(world.merged().roster().is_keeper(&person("bo")));
        world.say("bo", remove("ana"));
        assert_eq!(world.members(), ["bo", "cai"]);
    }
}

#[test]
fn when_all_others_have_left_the_last_one_becomes_a_keeper() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    for name in ["ana", "cai"] {
        world.say(name, leave());
        world.meet_all();
    }
    world.say("bo", set_role("bo", Role::Keeper));
    assert!(world.merged().roster().is_keeper(&person("bo")));
    world.say("bo", invite("i", 1, Role::Keeper));
    world.join_by("bo", "i", "ana2");
    assert_eq!(world.members(), ["ana", "bo"]);
}

#[test]
fn when_the_last_keeper_left_and_only_keepers_invite_the_others_make_one() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]);
    world.say("ana", rules(true, false));
    world.say("ana", leave());
    world.meet_all();
    assert_eq!(world.try_say("bo", invite("i", 1, Role::Member)), ROLE);
    for name in ["bo", "cai"] {
        world.say(name, set_role("dee", Role::Keeper));
    }
    world.meet_all();
    world.say("dee", invite("i", 1, Role::Member));
}

#[test]
fn a_keeper_who_never_comes_back_is_removed_by_most_of_the_others() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]);
    for name in ["bo", "cai", "dee"] {
        world.say(name, remove("ana"));
    }
    assert_eq!(world.members(), ["bo", "cai", "dee"]);
}

#[test]
fn a_device_from_an_old_backup_harms_nobody_and_its_person_goes_on_with_a_new_one() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    let backup = world.replicas["bo"].clone();
    let place = world.place("bo");
    let heads = world.heads("bo");
    let seen = world.say("bo", ack());
    world.meet_all();
    for name in ["ana", "cai"] {
        world.say(name, ack());
    }
    // Thirty days later the disk is rolled back, and it writes again, not knowing.
    world.replicas.insert("old bo".into(), backup);
    let act = write(
        world.circle,
        "bo",
        place_after(place),
        &heads,
        invite("i", 1, Role::Member),
    );
    let lost = act.id();
    let old = world.replicas.get_mut("old bo").unwrap();
    assert_eq!(old.insert(act), Insert::Attached);
    let merged = world.merged();
    assert!(merged.is_void(&lost) && !merged.is_void(&seen));
    assert!(merged.roster().devices[&device("bo")].forked);
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai"]);
    world.meet_all();
    world.tell("ana", "bo2");
    world.say("bo2", add_device(world.circle, "bo2", true));
    world.say("bo2", remove_device("bo", None));
    world.say("bo2", invite("i", 1, Role::Member));
    let merged = world.merged();
    assert!(merged.roster().is_active(&device("bo2")) && !merged.roster().is_active(&device("bo")));
}

#[test]
fn lost_repeated_and_reordered_acts_change_nothing() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]).keepers("ana", &["bo"]);
    world.say("ana", remove("dee"));
    world.say("bo", epoch("e", &["ana", "bo", "cai", "dee"]));
    world.meet(&["ana", "bo", "cai"]);
    world.say("cai", ack());
    let merged = world.merged();
    let acts: Vec<VerifiedAct> = merged.iter().cloned().collect();
    for seed in 0..8 {
        let mut graph = deliver(world.circle, acts.clone(), seed);
        assert_eq!(graph.roster(), merged.roster());
        for act in &acts {
            assert_eq!(graph.insert(act.clone()), Insert::Known);
        }
        // One is lost: what builds on it waits, and what does not goes on.
        let mut part = Graph::new(world.circle);
        let lost = &acts[acts.len() / 2];
        for act in acts.iter().filter(|act| act.id() != lost.id()) {
            let result = part.insert(act.clone());
            let waits = merged.knows(&[act.id()], &lost.id());
            assert_eq!(matches!(result, Insert::Missing(_)), waits);
        }
    }
}

#[test]
fn a_key_that_somebody_planted_dies_with_their_membership() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("bo", epoch("planted", &["ana", "bo", "cai"]));
    world.meet_all();
    world.say(
        "bo",
        share(
            "cai",
            &[crate::membership::testing::epoch_id("planted commons")],
        ),
    );
    world.say("ana", remove("bo"));
    let merged = world.merged();
    let roster = merged.roster();
    let usable = roster.epochs.values().filter(|epoch| {
        roster.is_active(&epoch.by)
            && epoch
                .commons_to
                .iter()
                .all(|device| roster.is_active(device))
    });
    assert_eq!(usable.count(), 0);
}

#[test]
fn an_act_is_late_only_where_everybody_who_claims_its_device_has_gone() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    let circle = world.circle;
    world.say("ana", invite("i", 2, Role::Member));
    world.meet_all();
    world.say("bo", admit_as(circle, "i", "pat", "device"));
    let other = world.say("cai", admit_as(circle, "i", "quin", "device"));
    world.tell("bo", "ana");
    world.say("ana", remove("pat"));
    world.meet_all();
    for who in ["bo", "cai"] {
        world.say(who, ack());
    }
    let merged = world.merged();
    let [(_, gone), _] = merged.both_ways();
    assert_eq!(gone, [person("pat")].into());
    let first = (1, crate::id::ActId::default());
    let act = write(circle, "device", first, &[other], ack());
    let acts: Vec<VerifiedAct> = merged.iter().cloned().collect();
    for seed in 0..8 {
        let mut graph = deliver(circle, acts.clone(), seed);
        graph.roster();
        assert!(!graph.is_late(&act.id(), &device("device")), "seed {seed}");
        assert_eq!(graph.insert(act.clone()), Insert::Attached, "seed {seed}");
    }
}

#[test]
fn what_is_dropped_here_is_offered_again_where_somebody_builds_on_it() {
    let mut world = World::of(&["ana", "bo", "cai", "dee", "eve"]);
    let late = world.say("eve", ack());
    world.tell("eve", "dee");
    world.say("dee", ack());
    world.say("ana", remove("eve"));
    world.meet(&["ana", "bo", "cai"]);
    for who in ["bo", "cai"] {
        world.say(who, ack());
    }
    world.meet(&["ana", "bo", "cai"]);
    let act = world.replicas["eve"].get(&late).unwrap().clone();
    let bo = world.replicas.get_mut("bo").unwrap();
    bo.roster();
    assert_eq!(bo.insert(act), Insert::Attached);
    assert!(!bo.keeps(&late));
    let mut bo = bo.clone();
    let merged = world.merged();
    assert!(merged.keeps(&late));
    let offered = merged.missing_for(&bo.tips());
    assert!(offered.iter().any(|act| act.id() == late));
    for act in offered {
        bo.insert(act.clone());
    }
    assert!(bo.keeps(&late));
    assert_eq!(bo.roster(), merged.roster());
}
