//! Whom one does not want to see is a matter of what is shown, and of nothing else.

use super::circle::{Circle, NOW};
use crate::membership::act::History;
use std::collections::BTreeSet;

#[test]
fn whom_one_hides_is_taken_in_and_kept_and_not_shown() {
    let mut circle = Circle::found();
    let (mut bo, mut cai) = (circle.join(2, History::All), circle.join(3, History::All));
    let theirs = circle.tell(&mut bo, 1, "theirs");
    circle.tell(&mut cai, 1, "another's");
    let people = BTreeSet::from([bo.keys.person.person()]);
    circle.finish();
    let before = circle.replica.overview();
    circle.replica.hide(people);
    assert_eq!(circle.replica.overview(), before, "nothing else changes");
    assert_eq!(circle.texts(), ["another's"]);
    let replica = &circle.replica;
    assert!(replica.story(theirs, NOW).unwrap().is_none());
    assert!(replica.hides(&theirs).unwrap());
    let like = replica.stories_like(&theirs.to_hex()[..8], NOW);
    assert_eq!(like.unwrap(), []);

    let later = circle.tell(&mut bo, 2, "more of theirs");
    assert_eq!(circle.texts(), ["another's"]);
    let after = circle.replica.overview();
    assert_eq!(after.entries, before.entries + 1, "it is taken in");
    circle.replica.hide(BTreeSet::new());
    assert!(!circle.replica.hides(&later).unwrap());
    let mut texts = circle.texts();
    texts.sort();
    assert_eq!(texts, ["another's", "more of theirs", "theirs"]);
}
