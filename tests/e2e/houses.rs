//! Computers with a network of their own each: they meet by IPv4, by IPv6 alone, by a beacon when an
//! address has changed, and again after the cable between them was cut.

use super::{arrives, computer};
use circlet_tests::namespace;
use circlet_tests::nodes::{Computer, list, text, together, until};
use circlet_tests::street::{KINDS, Street};

#[test]
fn two_computers_on_one_network_follow_the_readme() {
    if !namespace::is_here(
        "houses::two_computers_on_one_network_follow_the_readme",
        &KINDS,
    ) {
        return;
    }
    let street = Street::new();
    let ana = house(&street, "Ana", &["10.77.0.1/24", "fd77::1/64"]);
    let bo = house(&street, "Bo", &["10.77.0.2/24", "fd77::2/64"]);
    ana.found_running("Tuesday evenings");
    joins(&bo, &key(&ana));
    together(&[&ana, &bo], &["Ana", "Bo"]);
    arrives(&bo, &ana.share("From one house to the other."));
    arrives(&ana, &bo.share("And back."));
}

#[test]
fn two_computers_meet_over_ipv6_alone() {
    if !namespace::is_here("houses::two_computers_meet_over_ipv6_alone", &KINDS) {
        return;
    }
    let street = Street::new();
    let ana = house(&street, "Ana", &["fd77::1/64"]);
    let bo = house(&street, "Bo", &["fd77::2/64"]);
    ana.found_running("Tuesday evenings");
    joins(&bo, &key(&ana));
    together(&[&ana, &bo], &["Ana", "Bo"]);
    arrives(&bo, &ana.share("Over the new protocol."));
}

#[test]
fn a_computer_that_moved_is_found_by_its_beacon() {
    if !namespace::is_here(
        "houses::a_computer_that_moved_is_found_by_its_beacon",
        &KINDS,
    ) {
        return;
    }
    let street = Street::new();
    let mut ana = house(&street, "Ana", &["10.77.0.1/24"]);
    let mut bo = house(&street, "Bo", &["10.77.0.2/24"]);
    ana.found_running("Tuesday evenings");
    // The key names an address where nobody is any more.
    let key = key(&ana);
    ana.stop();
    street.address("ana", &["10.77.0.11/24"]);
    ana.start_at(&[]);
    joins(&bo, &key);
    together(&[&ana, &bo], &["Ana", "Bo"]);

    // And once they are members, both at other addresses than the other one knows.
    ana.stop();
    bo.stop();
    street.address("ana", &["10.77.0.21/24"]);
    street.address("bo", &["10.77.0.22/24"]);
    let story = bo.share("Written in between.");
    ana.start_at(&[]);
    bo.start_at(&[]);
    arrives(&ana, &story);
}

#[test]
fn a_member_removed_on_the_other_side_of_a_cut_reads_nothing_of_after() {
    if !namespace::is_here(
        "houses::a_member_removed_on_the_other_side_of_a_cut_reads_nothing_of_after",
        &KINDS,
    ) {
        return;
    }
    let street = Street::new();
    let ana = house(&street, "Ana", &["10.77.0.1/24"]);
    let bo = house(&street, "Bo", &["10.77.0.2/24"]);
    let cai = house(&street, "Cai", &["10.77.0.3/24"]);
    ana.found_running("Tuesday evenings");
    for newcomer in [&bo, &cai] {
        joins(newcomer, &key(&ana));
    }
    together(&[&ana, &bo, &cai], &["Ana", "Bo", "Cai"]);

    street.cut("ana");
    let removed = ana.data(&["members", "remove", "Cai", "--confirm", "Cai"]);
    assert_eq!(removed["state"], "done", "{removed}");
    let after = ana.share("Only for those who stay.");
    // Bo has not heard of it yet: they share with each other as before.
    arrives(&cai, &bo.share("While we are cut off."));
    arrives(&bo, &cai.share("From Cai, who does not know."));

    street.mend("ana");
    together(&[&ana, &bo], &["Ana", "Bo"]);
    arrives(&bo, &after);
    cai.wait_for_state("removed");
    let later = bo.share("Later, too.");
    arrives(&ana, &later);
    for story in [&after, &later] {
        assert_eq!(cai.output("", &["read", story]).status.code(), Some(6));
    }
    let texts: Vec<String> = cai.stories().into_iter().map(|(_, text)| text).collect();
    assert!(
        texts.contains(&"From Cai, who does not know.".to_owned()),
        "{texts:?}"
    );
}

/// Returns somebody's computer, running as `circlet start` has it, in a house with these addresses.
fn house(street: &Street, name: &str, addresses: &[&str]) -> Computer {
    let mut computer = computer(name);
    street.house(&mut computer, &name.to_lowercase(), addresses);
    computer.start_at(&[]);
    computer
}

/// Returns a key whose addresses are known.
fn key(computer: &Computer) -> String {
    let invite = computer.data(&["invite"]);
    text(&invite, "key")
}

/// Joins with a key: at once, or in a while.
fn joins(computer: &Computer, key: &str) {
    computer.data_from(key, &["join", "-"]);
    until("it is a member", || {
        let circle = computer.only();
        let members = list(&circle, "members").len();
        (members > 1).then_some(()).ok_or(circle.clone())
    });
}
