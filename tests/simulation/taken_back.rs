//! Stories of taking back: it goes everywhere, leaves no body behind, and is for the author alone.

use circlet_model::membership::act::History;
use circlet_model::replica::input::Command;
use circlet_model::replica::output::Reply;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_story_is_taken_back_everywhere_and_by_its_author_alone() {
    let mut world = World::new(11);
    let ana = world.found("Ana");
    let key = world.invite(ana, 2, History::FromNow);
    let bo = world.join("Bo", &key);
    world.run(5 * MINUTE);
    let Ok(Reply::Shared { thing }) = world.share(ana, "said too soon") else {
        panic!("it was not shared");
    };
    world.run(MINUTE);
    assert!(world.command(bo, Command::TakeBack { thing }).is_err());
    world.run(MINUTE);
    for node in [ana, bo] {
        assert_eq!(world.texts(node), ["said too soon"]);
        assert!(world.keeps_body(node, thing));
    }
    world.command(ana, Command::TakeBack { thing }).unwrap();
    world.run(MINUTE);
    for node in [ana, bo] {
        assert!(world.texts(node).is_empty());
        assert!(!world.keeps_body(node, thing));
    }
    assert_eq!(world.overview(ana).digest, world.overview(bo).digest);
}
