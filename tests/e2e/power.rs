//! Power that is cut under a whole node: what it had acknowledged, and what it had told others, is there.
//!
//! `CIRCLET_CRASH_ROUNDS` sets how often power is cut, `CIRCLET_CRASH_SEED` the seed.

use super::faults::{assert_has, setting};
use super::two;
use circlet_tests::disk::PowerCut;
use circlet_tests::nodes::{Computer, list, text, together};
use rand_core::Rng;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

#[test]
fn a_power_cut_of_a_node_loses_nothing_acknowledged_or_told() {
    let (mut rng, rounds) = setting();
    let (mut ana, bo) = two();
    ana.stop();
    let scratch = tempfile::tempdir().unwrap();
    let disk = PowerCut::new(scratch.path(), ana.home(), false);
    let mut acknowledged = BTreeSet::new();
    for round in 0..rounds {
        for (name, value) in disk.connect() {
            ana.set(name, value.to_str().unwrap());
        }
        ana.start();
        for number in 0..=rng.next_u32() % 6 {
            acknowledged.insert(ana.share(&format!("Round {round}, story {number}.")));
            if rng.next_u32() % 3 == 0 {
                bo.share(&format!("Round {round}, beside story {number}."));
            }
        }
        for _ in 0..rng.next_u32() % 2_000_000 {
            std::hint::spin_loop();
        }
        ana.kill();
        ana.unset();
        let told = by_ana(&bo);
        disk.restore();
        std::fs::set_permissions(ana.home(), std::fs::Permissions::from_mode(0o700)).unwrap();
        assert_has(&ana, &acknowledged);
        assert_has(&ana, &told);
    }
    ana.start();
    together(&[&ana, &bo], &["Ana", "Bo"]);
    assert_has(&bo, &acknowledged);
    let devices = ana.data(&["device", "list"]);
    let all = list(&devices, "devices");
    assert_eq!(all.len(), 1, "nothing was said twice: {devices}");
}

/// Returns which of Ana's stories are on this computer.
fn by_ana(computer: &Computer) -> BTreeSet<String> {
    let read = computer.data(&["read", "--all"]);
    let stories = list(&read, "stories").iter();
    let hers = stories.filter(|story| story["author"] == "Ana");
    hers.map(|story| text(story, "id")).collect()
}
