//! The main story: an invite key, a circle, stories written apart and together, a goodbye.

use super::{arrives, computer, two};
use circlet_tests::nodes::{list, members, text, together, until};
use serde_json::json;

#[test]
fn three_meet_through_each_other_write_apart_and_read_the_same() {
    let (mut ana, mut bo, mut cai) = (computer("Ana"), computer("Bo"), computer("Cai"));
    let circle = ana.found("Tuesday circle");
    let invite = ana.data(&["invite", "--uses", "2"]);
    bo.start();
    bo.data_from(&text(&invite, "key"), &["join", "-"]);
    together(&[&ana, &bo], &["Ana", "Bo"]);

    ana.stop();
    let shown = bo.data(&["invite", "show", &text(&invite, "id")]);
    assert_eq!(shown["id"], invite["id"]);
    assert_ne!(shown["key"], invite["key"], "the way to another computer");
    cai.start();
    cai.data_from(&text(&shown, "key"), &["join", "-"]);
    together(&[&bo, &cai], &["Ana", "Bo", "Cai"]);
    bo.stop();
    cai.stop();

    let ids = [
        ana.share("From Ana, alone."),
        bo.share("From Bo, alone."),
        cai.share("From Cai, alone."),
    ];
    for computer in [&ana, &bo, &cai] {
        assert_eq!(computer.stories().len(), 1, "they are apart");
    }
    for computer in [&mut ana, &mut bo, &mut cai] {
        computer.start();
    }
    let all = [&ana, &bo, &cai];
    let stories = [
        ("Ana", "From Ana, alone."),
        ("Bo", "From Bo, alone."),
        ("Cai", "From Cai, alone."),
    ];
    let stories: Vec<_> = stories
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .into();
    for computer in all {
        until("the three stories are here", || {
            let seen = computer.stories();
            (seen == stories).then_some(()).ok_or(json!(seen))
        });
    }
    together(&all, &["Ana", "Bo", "Cai"]);
    for computer in all {
        assert_eq!(computer.only()["id"], json!(circle));
        for id in &ids {
            let read = computer.data(&["read", id]);
            assert_eq!(read["stories"][0]["id"], json!(id));
        }
    }
}

#[test]
fn what_is_shared_and_answered_arrives_while_nodes_run() {
    let (ana, bo) = two();
    let first = ana.share("One.");
    arrives(&bo, &first);
    let answer = bo.data_from("With you.", &["respond", &first, "-"]);
    until("the response is there", || {
        let read = ana.data(&["read", &first]);
        let response = &read["stories"][0]["responses"][0];
        let there = response["id"] == answer["id"];
        there.then(|| response.clone()).ok_or(read.clone())
    });
    let second = bo.share("Two.");
    arrives(&ana, &second);
    together(&[&ana, &bo], &["Ana", "Bo"]);
    for (computer, other) in [(&ana, "Bo"), (&bo, "Ana")] {
        until("they are in step", || {
            let circle = computer.only();
            let both =
                circle["connected"] == json!([other]) && circle["in_step_with"] == json!([other]);
            both.then_some(()).ok_or(circle)
        });
        let response = &computer.data(&["read", &first])["stories"][0]["responses"][0];
        assert_eq!(response["author"], "Bo");
        assert_eq!(response["text"], "With you.");
    }
}

#[test]
fn who_is_away_is_in_step_with_nobody_and_nobody_with_them() {
    let (mut ana, mut bo) = two();
    bo.stop();
    until("the link is seen to be over", || {
        let circle = ana.only();
        let gone = circle["connected"] == json!([]) && circle["in_step_with"] == json!([]);
        gone.then_some(()).ok_or(circle)
    });
    ana.share("While you were away.");
    let apart = bo.only();
    assert_eq!(apart["in_step_with"], json!([]));
    assert_ne!(apart["digest"], ana.only()["digest"]);
    bo.start();
    until("they are in step again", || {
        let circle = ana.only();
        (circle["in_step_with"] == json!(["Bo"]))
            .then_some(())
            .ok_or(circle)
    });
    together(&[&ana, &bo], &["Ana", "Bo"]);
    ana.stop();
    assert_eq!(bo.stories(), ana.stories());
}

#[test]
fn a_join_with_nobody_home_outlives_a_kill_and_ends_well_by_itself() {
    let (mut ana, mut bo, mut cai) = (computer("Ana"), computer("Bo"), computer("Cai"));
    ana.found("Tuesday circle");
    let key = text(&ana.data(&["invite", "--uses", "2"]), "key");
    ana.stop();
    bo.start();
    let joined = bo.data_from(&key, &["join", "-"]);
    assert_eq!(joined["state"], "pending");
    assert!(text(&joined, "sentence").contains("any member will do"));
    bo.kill();
    assert_eq!(bo.only()["state"], "pending", "with no node running");
    bo.start();
    assert_eq!(bo.only()["state"], "pending");
    ana.start();
    bo.wait_for_state("joined");
    together(&[&ana, &bo], &["Ana", "Bo"]);

    // The next one waits for a member of whom the key says nothing but where to find them.
    let shown = text(&bo.data(&["invite", "show"]), "key");
    ana.stop();
    bo.stop();
    assert_eq!(cai.data_from(&shown, &["join", "-"])["state"], "pending");
    cai.start();
    assert_eq!(cai.only()["state"], "pending");
    bo.start();
    cai.wait_for_state("joined");
    together(&[&bo, &cai], &["Ana", "Bo", "Cai"]);
}

#[test]
fn leaving_is_learnt_by_the_others_and_the_stories_stay() {
    let (ana, bo) = two();
    let story = bo.share("Something I leave with you.");
    arrives(&ana, &story);
    bo.data(&["leave", "--circle", "Tuesday circle"]);
    assert_eq!(bo.only()["state"], "left");
    until("Ana learns of it", || {
        let circle = ana.only();
        (members(&circle) == ["Ana"]).then_some(()).ok_or(circle)
    });
    assert_eq!(ana.stories()[0].1, "Something I leave with you.");
    assert_eq!(bo.stories()[0].1, "Something I leave with you.");
    let refused = bo.refused("More.", &["share", "-"]);
    assert_eq!((refused.exit, refused.code.as_str()), (1, "not-a-member"));
    let later = ana.share("After you left.");
    assert_eq!(bo.refused("", &["read", &later]).exit, 6);
}

#[test]
fn a_newcomer_reads_of_the_time_before_what_the_invite_says() {
    let (ana, bo) = two();
    ana.share("Before.");
    for (history, count) in [("from-now", 0), ("all", 1), ("30d", 1)] {
        let mut newcomer = computer("Cai");
        newcomer.start();
        let invite = ana.data(&["invite", "--history", history]);
        newcomer.data_from(&text(&invite, "key"), &["join", "-"]);
        together(&[&ana, &newcomer], &["Ana", "Bo", "Cai"]);
        let now = ana.share("Now.");
        arrives(&newcomer, &now);
        let seen = newcomer.stories();
        let before = seen.iter().filter(|(_, text)| text == "Before.").count();
        assert_eq!(before, count, "{history}: {seen:?}");
        newcomer.data(&["leave"]);
        until("they are two again", || {
            let circle = ana.only();
            (list(&circle, "members").len() == 2)
                .then_some(())
                .ok_or(circle)
        });
    }
    together(&[&ana, &bo], &["Ana", "Bo"]);
}
