//! Stories of disks that cannot be read for a moment: nothing is half done, and all goes on.

use circlet_model::id::ThingId;
use circlet_model::membership::act::History;
use circlet_model::replica::input::Command;
use circlet_model::replica::output::{Refusal, Reply};
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn shared(world: &mut World, node: usize, text: &str) -> ThingId {
    match world.share(node, text) {
        Ok(Reply::Shared { thing }) => thing,
        other => panic!("not shared: {other:?}"),
    }
}

#[test]
fn a_command_is_done_or_refused_whichever_read_fails() {
    let mut world = World::new(31);
    let ana = world.found("Ana");
    let thing = shared(&mut world, ana, "one");
    let story = world.story(ana, "two");
    let respond = Command::Respond {
        to: thing,
        text: "an answer".to_owned(),
    };
    for command in [story, respond, Command::TakeBack { thing }] {
        let mut failed = 0;
        loop {
            let before = world.store(ana).rows();
            world.store(ana).fail_after(failed);
            let reply = world.command(ana, command.clone());
            world.store(ana).fail(false);
            if reply.is_ok() {
                break;
            }
            assert_eq!(reply, Err(Refusal::Store), "read {failed} of {command:?}");
            assert_eq!(
                world.store(ana).rows(),
                before,
                "read {failed} of {command:?}"
            );
            world.start(ana);
            failed += 1;
        }
        assert!(failed > 0, "{command:?} read nothing");
    }
    assert_eq!(world.texts(ana), ["two"]);
}

#[test]
fn what_came_while_the_disk_failed_comes_again() {
    for failed in 0..24 {
        let mut world = World::new(100 + failed as u64);
        let ana = world.found("Ana");
        let key = world.invite(ana, 2, History::All);
        let bo = world.join("Bo", &key);
        world.run(5 * MINUTE);
        world.store(bo).fail_after(failed);
        let thing = shared(&mut world, ana, "one");
        shared(&mut world, ana, "two");
        world.command(ana, Command::TakeBack { thing }).unwrap();
        world.run(MINUTE);
        world.store(bo).fail(false);
        world.start(bo);
        world.run(60 * MINUTE);
        assert_eq!(world.texts(bo), ["two"], "after {failed} reads");
        assert_eq!(world.overview(ana).digest, world.overview(bo).digest);
    }
}
