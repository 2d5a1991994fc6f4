//! Invite keys that do not work, or not any more: each is told, and the home works on.

use super::{computer, two};
use circlet_node::client::Client;
use circlet_node::home::Home;
use circlet_tests::nodes::{Computer, list, text, together, until};
use serde_json::json;

#[test]
fn a_key_that_was_not_copied_well_is_told_apart() {
    let ana = computer("Ana");
    ana.data(&["new", "Tuesday circle"]);
    let key = text(&ana.data(&["invite"]), "key");
    let groups: Vec<&str> = key.split('-').collect();
    let bo = computer("Bo");

    let mut wrong = groups.clone();
    let first = if wrong[2].starts_with('0') { "1" } else { "0" };
    let mistyped = format!("{first}{}", &wrong[2][1..]);
    wrong[2] = &mistyped;
    let refused = bo.refused(&wrong.join("-"), &["join", "-"]);
    assert_eq!((refused.exit, refused.code.as_str()), (1, "key-mistyped"));
    assert!(refused.message.contains(&mistyped) && refused.message.contains("group 3"));

    let refused = bo.refused(&groups[..groups.len() - 1].join("-"), &["join", "-"]);
    assert_eq!((refused.exit, refused.code.as_str()), (1, "key-cut-off"));
    let refused = bo.refused(&key[..key.len() - 4], &["join", "-"]);
    assert_eq!(refused.exit, 1);
    assert!(["key-cut-off", "key-mistyped"].contains(&refused.code.as_str()));

    let mut mixed = groups.clone();
    mixed.swap(2, 3);
    let refused = bo.refused(&mixed.join("-"), &["join", "-"]);
    assert_eq!(
        (refused.exit, refused.code.as_str()),
        (1, "key-groups-mixed")
    );

    let refused = bo.refused("HTTPS://EXAMPLE.ORG/INVITE", &["join", "-"]);
    assert_eq!(refused.exit, 1);
    let refused = bo.refused(&"A".repeat(100_000), &["join", "-"]);
    assert_eq!((refused.exit, refused.code.as_str()), (1, "not-a-key"));
    let refused = bo.refused("", &["join", "-"]);
    assert_eq!((refused.exit, refused.code.as_str()), (3, "cancelled"));

    assert!(list(&bo.data(&["status"]), "circles").is_empty());
    // As one types it: small letters, blanks instead of hyphens.
    let typed = key.to_lowercase().replace('-', " ");
    assert_eq!(bo.data_from(&typed, &["join", "-"])["state"], "pending");
}

#[test]
fn ones_own_circle_is_joined_already_and_twice_is_once() {
    let (ana, bo) = two();
    for computer in [&ana, &bo] {
        let key = text(&ana.data(&["invite"]), "key");
        let joined = computer.data_from(&key, &["join", "-"]);
        assert_eq!(joined["state"], "joined");
        assert_eq!(joined["name"], "Tuesday circle");
        assert!(text(&joined, "sentence").contains("already"));
        assert_eq!(list(&computer.data(&["status"]), "circles").len(), 1);
    }
    together(&[&ana, &bo], &["Ana", "Bo"]);
    let open = ana.data(&["invite", "list"]);
    let unused = list(&open, "invites").iter().filter(|it| it["used"] == 0);
    assert_eq!(unused.count(), 2, "nothing was used up: {open}");
}

#[test]
fn a_used_up_invite_lets_nobody_else_in() {
    let mut ana = computer("Ana");
    ana.found("Tuesday circle");
    let key = text(&ana.data(&["invite"]), "key");
    let (mut bo, mut cai) = (computer("Bo"), computer("Cai"));
    for computer in [&mut bo, &mut cai] {
        computer.start();
    }
    bo.data_from(&key, &["join", "-"]);
    together(&[&ana, &bo], &["Ana", "Bo"]);
    cai.data_from(&key, &["join", "-"]);
    ended(&cai, "already been used");
    still_works(&cai, &ana, &["Ana", "Bo", "Cai"]);
}

#[test]
fn a_stopped_invite_lets_nobody_in() {
    let mut ana = computer("Ana");
    ana.found("Tuesday circle");
    let invite = ana.data(&["invite", "--uses", "9"]);
    ana.data(&["invite", "stop", &text(&invite, "id")]);
    let refused = ana.refused("", &["invite", "show", &text(&invite, "id")]);
    assert_eq!((refused.exit, refused.code.as_str()), (1, "invite-ended"));
    let mut bo = computer("Bo");
    bo.start();
    bo.data_from(&text(&invite, "key"), &["join", "-"]);
    ended(&bo, "was stopped");
    still_works(&bo, &ana, &["Ana", "Bo"]);
}

#[test]
fn an_expired_invite_lets_nobody_in() {
    let mut ana = computer("Ana");
    ana.found("Tuesday circle");
    // The command line has nothing shorter than a minute.
    let invite = asked(&ana, "/v1/invites", &json!({ "expires_in": 1 }));
    until("the invite runs out", || {
        let listed = ana.data(&["invite", "list"])["invites"][0].clone();
        (listed["open"] == false).then_some(()).ok_or(listed)
    });
    let mut bo = computer("Bo");
    bo.start();
    bo.data_from(&text(&invite, "key"), &["join", "-"]);
    ended(&bo, "ran out");
    still_works(&bo, &ana, &["Ana", "Bo"]);
}

#[test]
fn an_invite_of_a_circle_that_nobody_there_knows_stays_pending() {
    let (ana, mut bo) = two();
    let mut eve = computer("Eve");
    eve.found("Another circle");
    let key = text(&eve.data(&["invite"]), "key");
    eve.stop();
    assert_eq!(bo.data_from(&key, &["join", "-"])["state"], "pending");
    let story = bo.data_from("Still here.", &["share", "-", "--circle", "Tuesday circle"]);
    until("what is shared arrives", || {
        let read = ana.data(&["read"]);
        (read["stories"][0]["id"] == story["id"])
            .then_some(())
            .ok_or(read)
    });
    bo.stop();
    bo.start();
    let circles = bo.data(&["status"]);
    let states: Vec<String> = list(&circles, "circles")
        .iter()
        .map(|it| text(it, "state"))
        .collect();
    assert_eq!(states, ["joined", "pending"]);
    eve.start();
    until("the join finishes", || {
        let circle = bo.circle("Another circle");
        (circle["name"] == "Another circle")
            .then_some(())
            .ok_or(circle)
    });
}

/// Waits until a join is told to have ended, with these words.
fn ended(computer: &Computer, words: &str) {
    let circle = computer.wait_for_state("ended");
    assert!(text(&circle, "sentence").contains(words), "{circle}");
}

/// Lets somebody in after all, with a new invite.
fn still_works(newcomer: &Computer, inviter: &Computer, names: &[&str]) {
    let key = text(&inviter.data(&["invite"]), "key");
    newcomer.data_from(&key, &["join", "-"]);
    together(&[newcomer, inviter], names);
}

/// Asks a node through its socket.
fn asked(computer: &Computer, path: &str, body: &serde_json::Value) -> serde_json::Value {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let home = Home::at(computer.home());
    runtime.block_on(async {
        let client = Client::connect(&home, || Ok(None)).await.unwrap();
        assert!(client.through_node());
        client.post(path, body).await.unwrap()
    })
}
