//! Invites: used up, revoked, made by somebody who is removed.

use crate::membership::act::{Kind, Role};
use crate::membership::graph::Insert;
use crate::membership::judge::Refusal;
use crate::membership::testing::{
    World, ack, add_device, admit, device, epoch, epoch_id, invite, invite_id, leave, names,
    person, remove, remove_device, revoke, share,
};

const REFUSED: Result<crate::id::ActId, Insert> = Err(Insert::Refused(Refusal::Invite));

#[test]
fn any_member_admits() {
    let mut world = World::of(&["ana", "bo"]);
    world.say("ana", invite("i", 1, Role::Member));
    world.tell("ana", "bo");
    world.join_by("bo", "i", "cai");
    assert_eq!(world.members(), ["ana", "bo", "cai"]);
}

#[test]
fn add_beside_remove_the_newcomer_belongs() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("ana", invite("i", 1, Role::Member));
    world.tell("ana", "bo");
    world.say("ana", remove("cai"));
    world.join_by("bo", "i", "dee");
    let merged = world.merged();
    assert_eq!(names(merged.roster()), ["ana", "bo", "dee"]);
    // The epoch that either of them mints next goes to everybody who belongs.
    world.meet(&["ana", "bo"]);
    let act = world.say("bo", epoch("next", &["ana", "bo", "dee"]));
    let merged = world.merged();
    let active: Vec<_> = merged
        .roster()
        .active_devices()
        .map(|(id, _)| *id)
        .collect();
    let given: Vec<_> = merged.roster().epochs[&act]
        .commons_to
        .iter()
        .copied()
        .collect();
    assert_eq!(active, given);
}

#[test]
fn a_one_time_invite_used_twice_under_partition_lets_one_in() {
    let mut world = World::of(&["ana", "bo"]);
    world.say("ana", invite("i", 1, Role::Member));
    world.meet(&["ana", "bo"]);
    let one = world.join_by("ana", "i", "cai");
    let other = world.join_by("bo", "i", "dee");
    world.say("cai", ack());
    world.say("dee", ack());
    let merged = world.merged();
    assert!(merged.is_void(&one.max(other)));
    assert!(!merged.is_void(&one.min(other)));
    assert_eq!(merged.roster().members().count(), 3);
}

#[test]
fn one_person_admitted_twice_is_one_use() {
    let mut world = World::of(&["ana", "bo"]);
    world.say("ana", invite("i", 1, Role::Member));
    world.meet(&["ana", "bo"]);
    world.join_by("ana", "i", "cai");
    world.join_by("bo", "i", "cai");
    let merged = world.merged();
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai"]);
    assert_eq!(
        merged
            .roster()
            .invites
            .values()
            .last()
            .map(|i| i.used_by.len()),
        Some(1)
    );
}

#[test]
fn whom_either_of_two_makings_of_an_invite_allows_stays() {
    for (uses, stay) in [(2, 4), (1, 3)] {
        let [mut world, mut branch] = [(); 2].map(|()| World::of(&["ana", "bo"]));
        world.say("ana", invite("i", 1, Role::Member));
        branch.say("ana", ack());
        branch.say("ana", invite("i", uses, Role::Member));
        branch.tell("ana", "bo");
        branch.join_by("ana", "i", "cai");
        branch.join_by("bo", "i", "dee");
        for (name, graph) in branch.replicas {
            world.replicas.insert(format!("branch {name}"), graph);
        }
        let merged = world.merged();
        assert_eq!(merged.roster().members().count(), stay);
        let state = &merged.roster().invites[&invite_id("i")];
        assert_eq!(state.used_by.len(), stay - 2);
        assert!(merged.roster().devices[&device("ana")].forked);
    }
}

#[test]
fn a_revoked_or_used_up_or_unknown_invite_admits_nobody() {
    let mut world = World::of(&["ana", "bo"]);
    world.say("ana", invite("i", 1, Role::Member));
    world.tell("ana", "bo");
    let act = admit(world.circle, "i", "cai");
    assert_eq!(
        world.try_say("bo", revoke("nothing")),
        Err(Insert::Refused(Refusal::Subject))
    );
    world.say("ana", revoke("i"));
    world.tell("ana", "bo");
    assert_eq!(world.try_say("bo", act), REFUSED);
    assert_eq!(
        world.try_say("bo", admit(world.circle, "none", "cai")),
        REFUSED
    );
    world.say("bo", invite("j", 1, Role::Member));
    world.join_by("bo", "j", "cai");
    assert_eq!(
        world.try_say("bo", admit(world.circle, "j", "dee")),
        REFUSED
    );
}

#[test]
fn only_the_maker_or_a_keeper_revokes_and_only_a_keeper_invites_keepers() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("bo", invite("i", 1, Role::Member));
    world.meet_all();
    let refused = Err(Insert::Refused(Refusal::Role));
    assert_eq!(world.try_say("cai", revoke("i")), refused);
    assert_eq!(world.try_say("cai", invite("k", 1, Role::Keeper)), refused);
    world.say("bo", revoke("i"));
}

#[test]
fn an_admission_beside_a_revocation_needs_a_witness() {
    for seen in [false, true] {
        let mut world = World::of(&["ana", "bo", "cai"]);
        world.say("ana", invite("i", 1, Role::Member));
        world.tell("ana", "bo");
        world.join_by("bo", "i", "dee");
        world.say("dee", ack());
        if seen {
            world.tell("dee", "cai");
            world.say("cai", ack());
        }
        world.say("ana", revoke("i"));
        assert_eq!(world.members().contains(&"dee".to_owned()), seen);
    }
}

#[test]
fn removing_a_member_revokes_what_they_could_read() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("ana", invite("i", 1, Role::Member));
    world.meet_all();
    world.say("ana", remove("cai"));
    world.say("bo", invite("j", 1, Role::Member));
    world.meet(&["ana", "bo"]);
    assert_eq!(
        world.try_say("bo", admit(world.circle, "i", "dee")),
        REFUSED
    );
    assert_eq!(
        world.try_say("bo", admit(world.circle, "j", "dee")),
        REFUSED
    );
    world.say("bo", invite("k", 1, Role::Member));
    world.join_by("bo", "k", "dee");
    assert_eq!(world.members(), ["ana", "bo", "dee"]);
}

#[test]
fn an_invite_of_the_removed_lets_nobody_in_beside_the_removal_unseen() {
    for seen in [false, true] {
        let mut world = World::of(&["ana", "bo", "cai", "dee"]);
        world.say("bo", invite("i", 1, Role::Member));
        world.tell("bo", "cai");
        world.join_by("cai", "i", "sam");
        if seen {
            world.tell("cai", "dee");
            world.say("dee", ack());
        }
        world.say("ana", remove("bo"));
        assert_eq!(world.members().contains(&"sam".to_owned()), seen);
    }
}

#[test]
fn a_removed_member_cannot_burn_an_invite_by_back_dating() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("ana", invite("i", 1, Role::Member));
    world.meet_all();
    world.join_by("bo", "i", "sam");
    world.say("cai", ack());
    world.say("cai", ack());
    world.join_by("cai", "i", "dee");
    world.say("ana", remove("bo"));
    assert_eq!(world.members(), ["ana", "cai", "dee"]);
}

#[test]
fn an_epoch_lists_everybody_who_was_given_its_keys() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    let act = world.say("ana", epoch("e", &["ana", "bo"]));
    world.meet_all();
    world.say("bo", share("cai", &[epoch_id("e stories")]));
    let merged = world.merged();
    let epoch = &merged.roster().epochs[&act];
    assert_eq!((epoch.commons_to.len(), epoch.stories_to.len()), (2, 3));
    // A share that does not count was given all the same.
    world.say("ana", remove("bo"));
    let merged = world.merged();
    assert_eq!(merged.roster().epochs[&act].stories_to.len(), 3);
    assert_eq!(names(merged.roster()), ["ana", "cai"]);
    assert!(!merged.roster().is_keeper(&person("cai")));
}

#[test]
fn a_proof_for_one_newcomer_serves_no_other() {
    let world = World::of(&["ana"]);
    let Kind::Admit {
        invite,
        newcomer: cai,
        proof,
        ..
    } = admit(world.circle, "i", "cai")
    else {
        unreachable!()
    };
    let Kind::Admit { newcomer: dee, .. } = admit(world.circle, "i", "dee") else {
        unreachable!()
    };
    let hint = world.circle.hint();
    assert!(cai.proven_by(hint, invite, &proof));
    assert!(!dee.proven_by(hint, invite, &proof));
    assert!(!cai.proven_by([9; 16], invite, &proof));
}

#[test]
fn nobody_shares_a_key_that_they_were_not_given() {
    let mut world = World::of(&["ana", "bo"]);
    world.say("ana", epoch("old", &["ana", "bo"]));
    world.join("ana", "cai");
    world.meet_all();
    let old = [epoch_id("old stories")];
    let refused = Err(Insert::Refused(Refusal::Subject));
    assert_eq!(world.try_say("cai", share("cai", &old)), refused);
    assert_eq!(
        world.try_say("bo", share("cai", &[epoch_id("no")])),
        refused
    );
    world.say("bo", share("cai", &old));
    world.tell("bo", "cai");
    world.say("cai", share("ana", &old));
}

#[test]
fn an_epoch_that_names_a_key_in_use_is_refused() {
    let mut world = World::of(&["ana", "bo"]);
    world.say("ana", epoch("old", &["ana", "bo"]));
    world.meet_all();
    for at in 0..2 {
        let mut names = [epoch_id("new commons"), epoch_id("new stories")];
        names[at] = epoch_id("old stories");
        let mut kind = epoch("new", &["bo"]);
        if let Kind::Epoch {
            commons, stories, ..
        } = &mut kind
        {
            [*commons, *stories] = names;
        }
        let refused = Err(Insert::Refused(Refusal::Subject));
        assert_eq!(world.try_say("bo", kind), refused);
    }
}

/// Whoever leaves is not distrusted, unlike whoever is removed.
#[test]
fn an_invite_of_who_leaves_lets_in_beside_the_leave_and_after_it() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("bo", invite("i", 2, Role::Member));
    world.meet_all();
    world.say("bo", leave());
    world.join_by("cai", "i", "dee");
    assert_eq!(world.members(), ["ana", "cai", "dee"]);
    world.tell("bo", "ana");
    world.join_by("ana", "i", "eve");
    assert_eq!(world.members(), ["ana", "cai", "dee", "eve"]);
}

/// Cai lets in by a branch that is lost, earlier than Ana.
#[test]
fn who_came_by_an_invite_on_a_branch_that_counts_stays() {
    let [mut world, mut branch] = [(); 2].map(|()| {
        let mut world = World::of(&["ana", "bo", "cai"]);
        world.say("ana", invite("i", 1, Role::Member));
        world.meet_all();
        world
    });
    world.say("cai", ack());
    world.tell("cai", "bo");
    world.say("bo", ack());
    let early = branch.join_by("cai", "i", "sam");
    for _ in 0..3 {
        world.say("ana", ack());
    }
    let later = world.join_by("ana", "i", "eve");
    for (name, graph) in branch.replicas {
        world.replicas.insert(format!("branch {name}"), graph);
    }
    let merged = world.merged();
    assert!(merged.depth(&early) < merged.depth(&later));
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai", "eve"]);
}

#[test]
fn a_crowd_that_came_since_does_not_say_who_came_first_by_an_invite() {
    let mut world = World::of(&["ana", "bo", "cai", "dee"]);
    world.say("ana", invite("i", 1, Role::Member));
    world.meet_all();
    world.join_by("bo", "i", "eve");
    world.tell("bo", "dee");
    world.say("dee", ack());
    world.join_by("cai", "i", "sam");
    for name in ["pat", "quin", "rae"] {
        world.join("cai", name);
        world.say(name, ack());
    }
    let people = ["ana", "bo", "cai", "dee", "eve", "pat", "quin", "rae"];
    assert_eq!(world.members(), people);
}

#[test]
fn a_device_never_comes_in_again_and_who_belongs_is_not_let_in() {
    let refused = Err(Insert::Refused(Refusal::Subject));
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("bo", add_device(world.circle, "bo2", false));
    world.say("bo", remove_device("bo2", None));
    let again = add_device(world.circle, "bo2", false);
    assert_eq!(world.try_say("bo", again), refused);
    world.meet_all();
    world.say("ana", invite("i", 3, Role::Member));
    let member = admit(world.circle, "i", "cai2");
    assert_eq!(world.try_say("ana", member), refused);
    world.say("ana", remove("bo"));
    world.say("ana", invite("j", 3, Role::Member));
    for old in ["bo", "bo2"] {
        let back = admit(world.circle, "j", old);
        assert_eq!(world.try_say("ana", back), refused);
    }
    world.join_by("ana", "j", "bo3");
    assert_eq!(world.members(), ["ana", "bo", "cai"]);
}

/// Ana's making allows one, and Bo's, beside it, two: each newcomer is measured by the one that they came by.
#[test]
fn an_invite_that_another_makes_beside_is_measured_by_itself() {
    let mut world = World::of(&["ana", "bo", "cai"]);
    world.say("ana", invite("i", 1, Role::Member));
    world.join_by("ana", "i", "dee");
    world.tell("ana", "cai");
    world.say("cai", ack());
    world.say("bo", invite("i", 2, Role::Member));
    for name in ["eve", "fay"] {
        world.join_by("bo", "i", name);
    }
    let merged = world.merged();
    assert_eq!(names(merged.roster()), ["ana", "bo", "cai", "dee", "eve"]);
    assert!(!merged.roster().devices[&device("ana")].forked);
}
