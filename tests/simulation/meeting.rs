//! Meeting: members who never met, who went, who came back under another name for the network.

use circlet_model::membership::act::{History, Mode};
use circlet_model::replica::input::Command;
use circlet_model::replica::output::Reply;
use circlet_model::replica::overview::Standing;
use circlet_model::time::Timestamp;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

/// Ana, and Bo who came by an invite of so many uses.
fn two(seed: u64, uses: u16) -> (World, usize, usize) {
    let mut world = World::new(seed);
    let ana = world.found("Ana");
    let key = world.invite(ana, uses, History::FromNow);
    let bo = world.join("Bo", &key);
    world.run(MINUTE);
    (world, ana, bo)
}

#[test]
fn two_members_who_never_met_meet_without_the_one_who_knows_both() {
    let (mut world, ana, bo) = two(1, 5);
    world.stop(ana);
    let shown = shown_again(&mut world, bo);
    let cai = world.join("Cai", &shown);
    world.run(MINUTE);
    assert_eq!(world.overview(cai).standing, Standing::Member);
    world.stop(bo);
    world.start(ana);
    world.run(60 * MINUTE);
    assert_eq!(world.overview(ana).in_step_with, ["Cai"]);
    assert_eq!(world.overview(ana).digest, world.overview(cai).digest);
}

#[test]
fn a_farewell_written_alone_is_told_when_somebody_is_there() {
    let (mut world, ana, bo) = two(2, 1);
    world.stop(ana);
    world.command(bo, Command::Leave).unwrap();
    assert_eq!(world.overview(bo).standing, Standing::Left);
    world.run(30 * MINUTE);
    world.start(ana);
    world.run(60 * MINUTE);
    let names: Vec<_> = world
        .overview(ana)
        .members
        .into_iter()
        .map(|m| m.name)
        .collect();
    assert_eq!(names, ["Ana"]);
}

#[test]
fn a_member_who_is_removed_while_connected_hears_of_it() {
    let (mut world, ana, bo) = two(3, 1);
    world.share(ana, "before").unwrap();
    world.run(MINUTE);
    let person = world.replica(bo).unwrap().me();
    world.command(ana, Command::Remove { person }).unwrap();
    world.share(ana, "after").unwrap();
    world.run(60 * MINUTE);
    assert_eq!(world.overview(bo).standing, Standing::Removed);
    assert_eq!(world.texts(bo), ["before"]);
}

#[test]
fn a_member_who_is_removed_while_away_hears_of_it_on_coming_back_and_nothing_else() {
    let (mut world, ana, bo) = two(4, 1);
    world.share(ana, "before").unwrap();
    world.run(MINUTE);
    world.stop(bo);
    let person = world.person(bo);
    let key = world.invite(ana, 1, History::FromNow);
    world.join("Cai", &key);
    world.run(MINUTE);
    world.command(ana, Command::Remove { person }).unwrap();
    world.share(ana, "after").unwrap();
    let key = world.invite(ana, 1, History::FromNow);
    world.join("Dee", &key);
    world.run(MINUTE);
    world.start(bo);
    world.run(10 * MINUTE);
    assert_eq!(world.overview(bo).standing, Standing::Removed);
    assert_eq!(world.texts(bo), ["before"]);
    // Cai came while Bo belonged, Dee afterwards.
    let known = world.overview(bo).members.into_iter();
    let known: Vec<_> = known.map(|member| member.name).collect();
    assert_eq!(known, ["Ana", "Cai"]);
    let gone = &world.replica(ana).unwrap().gone()[0];
    assert_eq!((gone.name.as_str(), gone.removed), ("Bo", true));
    assert_eq!((gone.known_by, gone.members), (3, 3));
}

#[test]
fn both_sides_of_a_welcome_see_the_same_four_words() {
    let mut world = World::new(5);
    let ana = world.found("Ana");
    let invite = Command::Invite {
        uses: 1,
        expires: Duration::from_hours(24),
        mode: Mode::Knock,
        history: History::FromNow,
    };
    let Ok(Reply::Invited { key, .. }) = world.command(ana, invite) else {
        panic!("a member invites")
    };
    let bo = world.join("Bo", &key);
    world.run(MINUTE);
    assert_eq!(world.overview(bo).standing, Standing::Knocking);
    let words = world.replica(bo).unwrap().own_words().unwrap();
    let waiting = world.replica(ana).unwrap().waiting(world.time(ana));
    assert_eq!((waiting.len(), &waiting[0].words), (1, &words));
    let person = waiting[0].person;
    world.command(ana, Command::Welcome { person }).unwrap();
    world.run(60 * MINUTE);
    for node in [ana, bo] {
        let members = world.overview(node).members;
        let of = |name: &str| members.iter().find(|member| member.name == name);
        assert_eq!(of("Bo").unwrap().words.as_ref(), Some(&words));
        assert_eq!(of("Ana").unwrap().words, None);
    }
    assert_eq!(world.replica(bo).unwrap().own_words(), Some(words));
    assert_eq!(world.replica(ana).unwrap().waiting(world.time(ana)), []);
}

fn shown_again(world: &mut World, node: usize) -> String {
    let invites = world.replica(node).unwrap().invites(Timestamp(0));
    let invite = invites[0].invite;
    match world.command(node, Command::ShowInvite { invite }).unwrap() {
        Reply::Invited { key, .. } => key,
        other => panic!("{other:?}"),
    }
}
