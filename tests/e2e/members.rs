//! Who belongs, with real nodes: a newcomer knocks, is welcomed and made keeper, and is removed in the end,
//! online or away.

use super::{arrives, computer, two};
use circlet_tests::nodes::{Computer, list, text, together, until};
use serde_json::Value;

/// What a removed member is told.
const REMOVED: &str = "You're no longer in this circle. Your own stories stay on this computer.";

#[test]
fn a_newcomer_knocks_is_welcomed_made_keeper_and_removed_while_online() {
    let (ana, mut bo) = (found(), computer("Bo"));
    bo.start();
    let invite = ana.data(&["invite", "--knock", "--uses", "3"]);
    let key = text(&invite, "key");
    let joined = bo.data_from(&key, &["join", "-"]);
    assert_eq!(joined["state"], "pending");
    let words = text(&joined, "words");
    assert_eq!(words.split(' ').count(), 4);
    let waits = bo.wait_for_state("knocking");
    assert_eq!(text(&waits, "words"), words);

    let waiting = until("the knock is heard", || {
        let members = ana.data(&["members"]);
        let waiting = list(&members, "waiting").first().cloned();
        waiting.ok_or(members)
    });
    assert_eq!(
        (text(&waiting, "name"), text(&waiting, "words")),
        ("Bo".to_owned(), words.clone())
    );
    assert_eq!(list(&ana.only(), "waiting"), ["Bo"]);
    // Not now, and then after all: nobody else hears of the first.
    let aside = ana.data(&["welcome", "--not-now"]);
    assert_eq!(text(&aside, "name"), "Bo");
    let members = ana.data(&["members"]);
    assert!(list(&members, "waiting").is_empty());
    assert_eq!(text(&list(&members, "aside")[0], "name"), "Bo");
    assert!(list(&ana.only(), "waiting").is_empty());
    let welcomed = ana.data(&["welcome", "bo"]);
    assert_eq!(
        (text(&welcomed, "name"), text(&welcomed, "words")),
        ("Bo".to_owned(), words.clone())
    );
    together(&[&ana, &bo], &["Ana", "Bo"]);
    for computer in [&ana, &bo] {
        assert_eq!(text(&member(computer, "Bo"), "words"), words);
    }
    assert_eq!(ana.refused("", &["welcome"]).exit, 6);

    let given = ana.data(&["members", "role", "bo", "keeper"]);
    assert_eq!(
        (given["role"].as_str(), given["state"].as_str()),
        (Some("keeper"), Some("done"))
    );
    until("Bo is a keeper on both sides", || {
        let roles = [&ana, &bo].map(|it| text(&member(it, "Bo"), "role"));
        (roles == ["keeper", "keeper"])
            .then_some(())
            .ok_or(roles.join(" "))
    });
    arrives(&bo, &ana.share("For both of us."));

    removed_by(&ana, "Bo");
    let told = bo.wait_for_state("removed");
    assert_eq!(text(&told, "sentence"), REMOVED);
    shut_out(&ana, &mut bo, &key);
}

#[test]
fn a_member_who_was_away_when_they_were_removed_is_told_on_coming_back() {
    let (ana, mut bo) = two();
    let key = text(&ana.data(&["invite", "--uses", "3"]), "key");
    together(&[&ana, &bo], &["Ana", "Bo"]);
    arrives(&bo, &ana.share("For both of us."));
    bo.stop();
    removed_by(&ana, "Bo");
    ana.share("Only for those who stay.");
    bo.share("Written while away.");
    bo.start();
    let told = bo.wait_for_state("removed");
    assert_eq!(text(&told, "sentence"), REMOVED);
    let texts: Vec<String> = ana.stories().into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["For both of us.", "Only for those who stay."]);
    shut_out(&ana, &mut bo, &key);
}

#[test]
fn what_a_member_who_is_no_keeper_says_is_a_voice() {
    let (ana, bo) = two();
    let mut cai = computer("Cai");
    cai.start();
    let key = text(&ana.data(&["invite"]), "key");
    cai.data_from(&key, &["join", "-"]);
    together(&[&ana, &bo, &cai], &["Ana", "Bo", "Cai"]);
    let one = bo.data(&["members", "remove", "Ana", "--confirm", "Ana"]);
    assert_eq!(one["state"], "voice");
    assert!(
        text(&one, "sentence").contains("more than half of the members"),
        "{one}"
    );
    until("Cai has heard it", || {
        let circles = [&bo, &cai].map(Computer::only);
        (circles[0]["digest"] == circles[1]["digest"])
            .then_some(())
            .ok_or(circles[1].clone())
    });
    let two = cai.data(&["members", "remove", "Ana", "--confirm", "Ana"]);
    assert_eq!(two["state"], "done", "{two}");
    ana.wait_for_state("removed");
    until("both know", || {
        let members = bo.data(&["members"]);
        let gone = list(&members, "gone").first().cloned().unwrap_or_default();
        let all = gone["name"] == "Ana" && gone["known_by"] == 2 && gone["of"] == 2;
        all.then_some(()).ok_or(members)
    });
}

#[test]
fn nobody_is_removed_by_a_slip() {
    let (ana, _bo) = two();
    let slips: [(&[&str], i32, &str); 5] = [
        (&["members", "remove", "Bo"], 2, "usage"),
        (
            &["members", "remove", "Bo", "--confirm", "Boo"],
            3,
            "cancelled",
        ),
        (
            &["members", "remove", "Cai", "--confirm", "Cai"],
            6,
            "not-found",
        ),
        (
            &["members", "remove", "Ana", "--confirm", "Ana"],
            1,
            "that-is-you",
        ),
        (&["leave", "--confirm", "Another circle"], 3, "cancelled"),
    ];
    for (args, exit, code) in slips {
        let refused = ana.refused("", args);
        assert_eq!(
            (refused.exit, refused.code.as_str()),
            (exit, code),
            "{args:?}"
        );
    }
    assert_eq!(list(&ana.data(&["members"]), "members").len(), 2);
    ana.data(&["leave", "--confirm", "Tuesday circle"]);
    assert_eq!(ana.only()["state"], "left");
}

/// Returns Ana's computer with a circle.
fn found() -> Computer {
    let mut ana = computer("Ana");
    ana.found("Tuesday circle");
    ana
}

fn member(computer: &Computer, name: &str) -> Value {
    let members = computer.data(&["members"]);
    let mut all = list(&members, "members").iter();
    all.find(|it| it["name"] == name)
        .cloned()
        .unwrap_or_default()
}

/// Removes somebody as a keeper.
fn removed_by(keeper: &Computer, name: &str) {
    let removed = keeper.data(&["members", "remove", name, "--confirm", name]);
    assert_eq!(removed["state"], "done", "{removed}");
    let sentence = text(&removed, "sentence");
    assert!(
        sentence.contains("They keep what they have already read."),
        "{sentence}"
    );
    let members = keeper.data(&["members"]);
    let gone = &list(&members, "gone")[0];
    assert_eq!(
        (gone["name"].as_str(), &gone["removed"]),
        (Some(name), &true.into())
    );
    assert_eq!((&gone["known_by"], &gone["of"]), (&1.into(), &1.into()));
}

/// Checks that somebody who was removed and knows it reads nothing new, can say nothing, and finds no way
/// back by an invite from before: not in the same home, and not in a fresh one.
fn shut_out(ana: &Computer, bo: &mut Computer, key: &str) {
    let story = ana.share("Not for everybody any more.");
    for args in [
        &["share", "-"][..],
        &["invite"],
        &["members", "role", "Ana", "member"],
    ] {
        assert_eq!(
            bo.refused("Let me in.", args).code,
            "not-a-member",
            "{args:?}"
        );
    }
    assert_eq!(bo.refused(key, &["join", "-"]).code, "was-here");
    let mut again = computer("Bo");
    again.start();
    again.data_from(key, &["join", "-"]);
    let ended = again.wait_for_state("ended");
    assert!(text(&ended, "sentence").contains("was stopped"), "{ended}");
    // Once more, with time to try: after a restart nothing has changed.
    bo.stop();
    bo.start();
    assert_eq!(bo.only()["state"], "removed");
    for computer in [&*bo, &again] {
        assert_eq!(
            computer.output("", &["read", &story]).status.code(),
            Some(6)
        );
    }
    let texts: Vec<String> = bo.stories().into_iter().map(|(_, text)| text).collect();
    assert!(texts.contains(&"For both of us.".to_owned()), "{texts:?}");
    assert!(
        !texts.iter().any(|text| text.starts_with("Only for")),
        "{texts:?}"
    );
    assert_eq!(list(&ana.data(&["members"]), "members").len(), 1);
}
