//! R4, R5, R6: removals, beside each other and back-dated.

use crate::id::ActId;
use crate::membership::act::Role;
use crate::membership::graph::Insert;
use crate::membership::judge::Refusal;
use crate::membership::roster::Standing;
use crate::membership::testing::{
    World, ack, add_device, device, epoch, invite, leave, names, person, remove, remove_device,
    set_role,
};

#[test]
fn two_concurrent_removals_of_different_people_lock_both_out() {
    let mut world = World::of(&["ana", "bo", "cai", "dee", "eve"]).keepers("ana", &["bo"]);
    world.say("ana", remove("dee"));
    world.say("bo", remove("cai"));
    assert_eq!(world.members(), ["ana", "bo", "eve"]);
}

#[test]
fn concurrent_removals_of_one_person_agree() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    let one = world.say("ana", remove("cai"));
    let other = world.say("bo", remove("cai"));
    let merged = world.merged();
    let roster = merged.roster();
    assert_eq!(
        roster.people[&person("cai")].standing,
        Standing::Removed(one.min(other))
    );
    assert_eq!(roster.removals.len(), 2);
    assert_eq!(roster.removals[&one].known_by, [person("ana")].into());
}

#[test]
fn a_removed_keeper_cannot_back_date_a_removal_of_the_remover() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    world.say("ana", remove("bo"));
    world.tell("ana", "cai");
    world.say("cai", ack());
    // Bo has heard nothing, or says so.
    let forged = world.say("bo", remove("ana"));
    let merged = world.merged();
    assert_eq!(names(merged.roster()), ["ana", "cai"]);
    assert!(merged.is_void(&forged));
}

#[test]
fn a_removed_keeper_cannot_back_date_a_removal_of_a_bystander() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    world.say("ana", remove("bo"));
    world.say("bo", remove("cai"));
    assert_eq!(world.members(), ["ana", "cai"]);
}

#[test]
fn a_removal_that_others_saw_first_stands() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]).keepers("ana", &["bo"]);
    world.say("bo", remove("cai"));
    world.tell("bo", "dee");
    world.say("dee", ack());
    world.say("ana", remove("bo"));
    assert_eq!(world.members(), ["ana", "dee"]);
}

#[test]
fn who_is_removed_too_is_no_witness() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]).keepers("ana", &["bo"]);
    world.say("ana", remove("bo"));
    world.say("ana", remove("dee"));
    // Dee vouches for Bo afterwards; both pretend not to know.
    world.say("bo", remove("cai"));
    world.tell("bo", "dee");
    world.say("dee", ack());
    assert_eq!(world.members(), ["ana", "cai"]);
}

/// Otherwise whoever holds a computer that Bo has lost, and that stayed silent, could bring back what Bo's
/// removal ended, with the removed alone.
#[test]
fn who_removes_is_no_witness_with_another_computer() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]).keepers("ana", &["bo"]);
    world.say("bo", add_device(world.circle, "bo2", false));
    world.meet(&["ana", "bo", "cai", "dee"]);
    world.tell("bo", "bo2");
    world.say("bo", remove("ana"));
    world.tell("bo", "cai");
    world.say("cai", ack());
    // Ana has heard nothing, or says so.
    world.join("ana", "eve");
    world.tell("ana", "bo2");
    world.say("bo2", ack());
    assert_eq!(world.members(), ["bo", "cai", "dee"]);
}

#[test]
fn two_removed_who_vouch_for_each_other_do_not_outweigh_those_who_saw_it() {
    let mut world = World::of(&["ana", "bo", "cai", "dee", "eve"]).keepers("ana", &["bo", "dee"]);
    world.say("ana", remove("bo"));
    world.say("ana", remove("dee"));
    for name in ["cai", "eve"] {
        world.tell("ana", name);
        world.say(name, ack());
    }
    world.say("bo", remove("ana"));
    world.meet(&["bo", "dee"]);
    world.say("dee", ack());
    world.meet(&["bo", "dee"]);
    world.say("bo", ack());
    assert_eq!(world.members(), ["ana", "cai", "eve"]);
}

#[test]
fn mutual_removal_more_witnesses_win() {
    let mut world = World::of(&["ana", "bo", "cai", "dee", "eve"]).keepers("ana", &["bo"]);
    world.say("ana", remove("bo"));
    world.say("bo", remove("ana"));
    world.tell("ana", "cai");
    world.say("cai", ack());
    for name in ["dee", "eve"] {
        world.tell("bo", name);
        world.say(name, ack());
    }
    assert_eq!(world.members(), ["bo", "cai", "dee", "eve"]);
}

#[test]
fn mutual_removal_without_witnesses_seniority_wins() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo", "cai"]);
    world.say("bo", remove("cai"));
    world.say("cai", remove("bo"));
    assert_eq!(world.members(), ["ana", "bo"]);
}

/// Bo's second computer has removed Cai, which Ana knows. Bo and Ana remove each other. Cai's ack, which
/// leaves out that they were removed, is void and decides nothing.
#[test]
fn who_is_out_is_no_witness_in_a_ring() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    world.say("bo", add_device(world.circle, "bo2", false));
    for name in ["bo2", "ana", "cai"] {
        world.tell("bo", name);
    }
    world.say("bo2", remove("cai"));
    world.tell("bo2", "ana");
    world.say("ana", remove("bo"));
    world.say("bo", remove("ana"));
    assert_eq!(world.members(), ["ana"]);
    world.tell("bo", "cai");
    let ack = world.say("cai", ack());
    assert_eq!(world.members(), ["ana"]);
    assert!(world.merged().is_void(&ack));
}

#[test]
fn removing_the_witnesses_as_well_does_not_win() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]).keepers("ana", &["bo"]);
    world.say("bo", remove("ana"));
    for name in ["cai", "dee"] {
        world.tell("bo", name);
        world.say(name, ack());
    }
    for name in ["bo", "cai", "dee"] {
        world.say("ana", remove(name));
    }
    assert_eq!(world.members(), ["bo", "cai", "dee"]);
}

#[test]
fn a_ring_of_removals_has_one_outcome() {
    let names = ["ana", "bo", "cai", "dee"];
    let mut world = World::of(&names).keepers("ana", &["bo", "cai"]);
    world.say("ana", remove("bo"));
    world.say("bo", remove("cai"));
    world.say("cai", remove("ana"));
    assert_eq!(world.members(), ["ana", "cai", "dee"]);
}

#[test]
fn who_was_let_in_by_the_removed_stays_if_others_met_them() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.join("bo", "dee");
    world.tell("dee", "cai");
    world.say("cai", ack());
    world.say("ana", remove("bo"));
    assert_eq!(world.members(), ["ana", "cai", "dee"]);
}

#[test]
fn who_was_let_in_by_the_removed_unseen_is_out_with_all_they_did() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.join("bo", "dee");
    let act = world.join("dee", "eve");
    world.say("ana", remove("bo"));
    let merged = world.merged();
    assert_eq!(names(merged.roster()), ["ana", "cai"]);
    assert!(merged.is_void(&act));
}

#[test]
fn a_current_keeper_cannot_purge_by_back_dating() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    let early = world.place("ana");
    let heads = world.heads("ana");
    for name in ["dee", "eve"] {
        world.join("bo", name);
    }
    world.meet_all();
    for name in ["ana", "cai", "dee", "eve"] {
        world.say(name, ack());
    }
    world.meet_all();
    // Ana forks behind her own ack to a time before Bo let anybody in.
    let mut alone = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    let (forged, result) = alone.forge("ana", early, &heads, remove("bo"));
    assert_eq!(result, Insert::Attached);
    world
        .replicas
        .insert("forger".into(), alone.replicas.remove("ana").unwrap());
    let merged = world.merged();
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai", "dee", "eve"]);
    assert!(merged.is_void(&forged));
    assert!(merged.roster().devices[&device("ana")].forked);
}

#[test]
fn back_dating_past_what_one_has_said_is_refused() {
    let mut world = World::of(&["ana", "bo"]);
    let early = world.place("ana");
    world.say("ana", ack());
    let heads = world.heads("ana");
    let (_, result) = world.forge("ana", early, &heads, remove("bo"));
    assert_eq!(result, Insert::Refused(Refusal::Order));
}

#[test]
fn nothing_counts_from_who_knows_they_are_out() {
    let mut world = World::of(&["ana", "bo"]);
    world.say("ana", remove("bo"));
    world.tell("ana", "bo");
    let refused = Err(Insert::Refused(Refusal::Author));
    assert_eq!(world.try_say("bo", ack()), refused);
    assert_eq!(world.try_say("bo", invite("x", 1, Role::Member)), refused);
}

#[test]
fn what_builds_on_a_refused_act_is_refused() {
    let mut world = World::of(&["ana", "bo"]);
    let place = world.place("bo");
    let heads = world.heads("bo");
    let (id, result) = world.forge("bo", place, &heads, set_role("bo", Role::Keeper));
    assert_eq!(result, Insert::Attached, "a voice");
    let mut other = World::of(&["ana", "bo"]);
    other.say("ana", remove("bo"));
    let (id2, result) = other.forge("bo", place, &[ActId([9; 32])], ack());
    assert_eq!(result, Insert::Missing(vec![ActId([9; 32])]));
    let heads = other.heads("ana");
    other.tell("ana", "bo");
    let (bad, result) = other.forge("bo", place, &heads, ack());
    assert_eq!(result, Insert::Refused(Refusal::Author));
    let (_, result) = other.forge("bo", (place.0 + 1, bad), &heads, ack());
    assert_eq!(result, Insert::Refused(Refusal::Parent));
    assert_ne!(id, id2);
}

#[test]
fn a_demoted_keeper_cannot_back_date_what_takes_a_keeper() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    world.say("ana", set_role("bo", Role::Member));
    let forged = world.say("bo", remove("ana"));
    let honest = world.say("bo", ack());
    let merged = world.merged();
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai"]);
    assert!(merged.is_void(&forged));
    assert!(!merged.is_void(&honest));
}

#[test]
fn who_comes_back_after_a_removal_belongs_and_their_old_device_does_not() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("ana", remove("bo"));
    world.join("ana", "bo2");
    world.say("bo2", ack());
    let merged = world.merged();
    let roster = merged.roster();
    assert_eq!(names(roster), ["ana", "bo", "cai"]);
    assert!(!roster.is_active(&device("bo")));
    assert!(roster.is_active(&device("bo2")));
}

#[test]
fn nobody_is_brought_back_by_a_concurrent_act() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["cai"]);
    world.say("ana", remove("bo"));
    world.tell("ana", "bo");
    // Cai knows of the first removal and brings Bo back; Ana, who does not, removes Bo once more.
    world.tell("ana", "cai");
    world.join("cai", "bo2");
    assert_eq!(world.members(), ["ana", "bo", "cai"]);
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["cai"]);
    world.say("bo", leave());
    world.tell("bo", "cai");
    world.join("cai", "bo2");
    world.say("ana", remove("bo"));
    assert_eq!(world.members(), ["ana", "cai"]);
}

#[test]
fn leaving_is_for_oneself_and_ends_what_other_devices_say_later() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    assert_eq!(
        world.try_say("bo", remove("bo")),
        Err(Insert::Refused(Refusal::Subject))
    );
    let act = world.say("bo", leave());
    let merged = world.merged();
    assert_eq!(
        merged.roster().people[&person("bo")].standing,
        Standing::Left(act)
    );
    world.say("ana", leave());
    assert_eq!(world.members(), ["cai"]);
}

#[test]
fn an_epoch_of_the_removed_is_not_listed() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    let early = world.say("bo", epoch("one", &["ana", "bo", "cai"]));
    world.tell("bo", "ana");
    world.say("ana", remove("bo"));
    let late = world.say("bo", epoch("two", &["bo"]));
    let merged = world.merged();
    assert!(merged.roster().epochs.contains_key(&early));
    assert!(!merged.roster().epochs.contains_key(&late));
}

#[test]
fn voices_take_effect_with_more_than_half() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]);
    world.say("bo", remove("ana"));
    world.say("cai", remove("ana"));
    assert_eq!(world.members(), ["ana", "bo", "cai", "dee"]);
    world.meet(&["cai", "dee"]);
    world.say("dee", remove("ana"));
    assert_eq!(world.members(), ["bo", "cai", "dee"]);
}

#[test]
fn voices_make_a_keeper_when_none_is_left() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]);
    world.say("ana", leave());
    world.meet_all();
    for name in ["bo", "cai"] {
        world.say(name, set_role("dee", Role::Keeper));
    }
    assert!(world.merged().roster().is_keeper(&person("dee")));
}

#[test]
fn voices_win_against_the_keeper_they_remove() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]);
    for name in ["bo", "cai", "dee"] {
        world.say(name, remove("ana"));
        world.meet(&["bo", "cai", "dee"]);
    }
    for name in ["bo", "cai", "dee"] {
        world.say("ana", remove(name));
    }
    assert_eq!(world.members(), ["bo", "cai", "dee"]);
}

#[test]
fn who_joins_later_does_not_unsettle_what_voices_settled() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("bo", remove("ana"));
    world.tell("bo", "cai");
    world.say("cai", remove("ana"));
    world.tell("cai", "bo");
    for name in ["dee", "eve", "fay", "gus"] {
        world.join("bo", name);
    }
    assert_eq!(world.members(), ["bo", "cai", "dee", "eve", "fay", "gus"]);
}

#[test]
fn a_removal_is_known_by_those_who_built_on_it() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]);
    let act = world.say("ana", remove("dee"));
    world.tell("ana", "bo");
    world.say("bo", ack());
    let merged = world.merged();
    let known_by = &merged.roster().removals[&act].known_by;
    assert_eq!(*known_by, [person("ana"), person("bo")].into());
}

#[test]
fn a_leave_ends_what_another_computer_says_beside_it() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    world.say("bo", add_device(world.circle, "bo2", false));
    world.meet(&["ana", "bo", "cai"]);
    world.tell("bo", "bo2");
    world.say("bo", leave());
    let act = world.say("bo2", remove("cai"));
    let merged = world.merged();
    assert_eq!(names(merged.roster()), ["ana", "cai"]);
    assert!(merged.is_void(&act));
}

#[test]
fn of_two_computers_that_end_each_other_the_older_stays() {
    for attempt in 0..6 {
        let mut world = World::of(&["ana", "bo", "cai"]);
        for _ in 0..attempt {
            world.say("ana", ack());
        }
        world.meet_all();
        world.say("bo", add_device(world.circle, "bo2", false));
        world.tell("bo", "bo2");
        world.say("bo", remove_device("bo2", None));
        world.say("bo2", remove_device("bo", None));
        let merged = world.merged();
        let active = ["bo", "bo2"].map(|name| merged.roster().is_active(&device(name)));
        assert_eq!(active, [true, false], "{attempt}");
        assert_eq!(names(merged.roster()), ["ana", "bo", "cai"]);
    }
}

#[test]
fn of_two_computers_that_end_each_other_the_one_stays_whose_word_others_saw() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("bo", add_device(world.circle, "bo2", false));
    world.meet_all();
    world.tell("bo", "bo2");
    world.say("bo", remove_device("bo2", None));
    world.say("bo2", remove_device("bo", None));
    world.tell("bo2", "cai");
    world.say("cai", ack());
    let merged = world.merged();
    let active = ["bo", "bo2"].map(|name| merged.roster().is_active(&device(name)));
    assert_eq!(active, [false, true]);
}

/// Dee and Eve came by Bo alone, before he removed Ana.
#[test]
fn mutual_removal_who_belonged_before_both_decides_before_newcomers() {
    let mut world = World::of(&["ana", "bo", "cai"]).keepers("ana", &["bo"]);
    world.say("ana", remove("bo"));
    world.tell("ana", "cai");
    world.say("cai", ack());
    for name in ["dee", "eve"] {
        world.join("bo", name);
    }
    world.say("bo", remove("ana"));
    for name in ["dee", "eve"] {
        world.tell("bo", name);
        world.say(name, ack());
    }
    assert_eq!(world.members(), ["ana", "cai"]);
}

#[test]
fn mutual_removal_people_are_counted_and_not_their_computers() {
    let mut world = World::of(&["ana", "bo", "cai", "dee", "eve"]).keepers("ana", &["bo"]);
    for name in ["eve2", "eve3"] {
        world.say("eve", add_device(world.circle, name, false));
    }
    world.meet_all();
    world.say("ana", remove("bo"));
    for name in ["cai", "dee"] {
        world.tell("ana", name);
        world.say(name, ack());
    }
    world.tell("eve", "eve2");
    world.tell("eve", "eve3");
    world.say("bo", remove("ana"));
    for name in ["eve", "eve2", "eve3"] {
        world.tell("bo", name);
        world.say(name, ack());
    }
    assert_eq!(world.members(), ["ana", "cai", "dee", "eve"]);
}

/// Eve has met Dee, but Ana, who removes Bo, did not know of Eve.
#[test]
fn only_who_belonged_before_both_sides_is_a_witness() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.join("bo", "dee");
    world.join("cai", "eve");
    world.tell("dee", "eve");
    world.say("eve", ack());
    world.say("ana", remove("bo"));
    assert_eq!(world.members(), ["ana", "cai", "eve"]);
}

#[test]
fn voices_from_before_a_decision_or_a_comeback_do_not_add_to_later_ones() {
    for removed in [false, true] {
        let mut world = World::of(&["ana", "bo", "cai", "dee", "eve"]);
        for name in ["bo", "cai"] {
            world.say(name, remove("dee"));
        }
        world.meet_all();
        if removed {
            world.say("ana", remove("dee"));
            world.join("ana", "dee2");
        } else {
            world.say("ana", set_role("dee", Role::Member));
        }
        world.tell("ana", "eve");
        world.say("eve", remove("dee"));
        assert_eq!(world.members(), ["ana", "bo", "cai", "dee", "eve"]);
        // Whoever says it again is counted.
        for name in ["bo", "cai"] {
            world.tell("eve", name);
            world.say(name, remove("dee"));
        }
        assert_eq!(world.members(), ["ana", "bo", "cai", "eve"]);
    }
}

/// Four remove each other in a ring, and Fay saw two that do not quarrel with each other: of both she is a witness.
#[test]
fn in_a_ring_each_is_compared_with_those_it_quarrels_with() {
    let people = ["bo", "dee", "ana", "cai", "fay"];
    let mut world = World::of(&people).keepers("bo", &["dee", "ana", "cai"]);
    for (by, whom) in [("ana", "bo"), ("bo", "cai"), ("cai", "dee"), ("dee", "ana")] {
        world.say(by, remove(whom));
    }
    for by in ["ana", "cai"] {
        world.tell(by, "fay");
    }
    world.say("fay", ack());
    assert_eq!(world.members(), ["ana", "cai", "fay"]);
}
