//! Stories with names: what members do, told from beginning to end.

use circlet_model::membership::act::History;
use circlet_model::replica::overview::Standing;
use circlet_tests::world::World;
use core::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn three_people_form_a_circle_write_apart_and_read_each_other() {
    let mut world = World::new(1);
    let ana = world.found("Ana");
    world.share(ana, "before anybody came").unwrap();
    let key = world.invite(ana, 2, History::FromNow);
    let bo = world.join("Bo", &key);
    world.run(MINUTE);
    assert_eq!(world.overview(bo).standing, Standing::Member);
    assert_eq!(world.overview(bo).name, "Tuesday");
    assert_eq!(world.overview(ana).in_step_with, ["Bo"]);
    world.stop(ana);
    let invites = world
        .replica(bo)
        .unwrap()
        .invites(circlet_model::time::Timestamp(0));
    let show = circlet_model::replica::input::Command::ShowInvite {
        invite: invites[0].invite,
    };
    let shown = world.command(bo, show).unwrap();
    let circlet_model::replica::output::Reply::Invited { key, .. } = shown else {
        panic!()
    };
    let cai = world.join("Cai", &key);
    world.run(MINUTE);
    assert_eq!(world.overview(cai).standing, Standing::Member);
    world.partition(&[0, 1, 2]);
    world.start(ana);
    for (node, text) in [(ana, "from Ana"), (bo, "from Bo"), (cai, "from Cai")] {
        world.share(node, text).unwrap();
    }
    world.run(MINUTE);
    world.heal();
    world.run(2 * MINUTE);
    let digests: Vec<_> = [ana, bo, cai]
        .map(|node| world.overview(node).digest)
        .to_vec();
    assert_eq!(digests[0], digests[1]);
    assert_eq!(digests[1], digests[2]);
    for node in [ana, bo, cai] {
        let texts = world.texts(node);
        for text in ["from Ana", "from Bo", "from Cai"] {
            assert!(texts.iter().any(|shown| shown == text), "{node}: {texts:?}");
        }
        let old = texts.iter().any(|text| text == "before anybody came");
        assert_eq!(old, node == ana, "history is from now");
        assert_eq!(
            world.overview(node).in_step_with.len(),
            2,
            "{:?}",
            world.overview(node)
        );
    }
}
