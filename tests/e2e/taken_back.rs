//! Taking back, with real nodes: from every computer, also from one that was away and meets only somebody
//! else; and nobody takes back what another shared.

use super::{arrives, computer, two};
use circlet_tests::nodes::{Computer, text, together, until};

/// Stands in the story, and nowhere else.
const MARKER: &str = "quiet heron at the weir";

#[test]
fn a_story_goes_from_every_computer_also_through_somebody_else() {
    let (mut ana, bo) = two();
    let mut cai = computer("Cai");
    cai.start();
    cai.data_from(&text(&ana.data(&["invite"]), "key"), &["join", "-"]);
    together(&[&ana, &bo, &cai], &["Ana", "Bo", "Cai"]);
    let story = ana.share(MARKER);
    let kept = ana.share("This one stays.");
    for computer in [&bo, &cai] {
        arrives(computer, &story);
        arrives(computer, &kept);
    }
    bo.data_from("With you.", &["respond", &story, "-"]);
    together(&[&ana, &bo, &cai], &["Ana", "Bo", "Cai"]);

    cai.stop();
    let taken = ana.data(&["take-back", &story[..8]]);
    assert_eq!(text(&taken, "id"), story);
    assert_eq!(text(&taken, "kind"), "story");
    goes(&bo, &story);
    ana.stop();
    // Cai meets Bo alone.
    cai.start();
    goes(&cai, &story);
    ana.start();
    together(&[&ana, &bo, &cai], &["Ana", "Bo", "Cai"]);
    for computer in [&ana, &bo, &cai] {
        let texts: Vec<String> = computer.stories().into_iter().map(|it| it.1).collect();
        assert_eq!(texts, ["This one stays."]);
        assert_eq!(computer.refused("", &["take-back", &story]).exit, 6);
    }
}

#[test]
fn a_response_goes_alone_and_only_its_author_takes_it_back() {
    let (ana, bo) = two();
    let story = ana.share("A long week.");
    arrives(&bo, &story);
    let response = text(&bo.data_from(MARKER, &["respond", &story, "-"]), "id");
    let responses = |computer: &Computer| {
        let read = computer.data(&["read", &story]);
        read["stories"][0]["responses"]
            .as_array()
            .map_or(0, Vec::len)
    };
    until("the response arrives", || {
        let now = responses(&ana);
        (now == 1).then_some(()).ok_or(now)
    });
    assert_eq!(bo.refused("", &["take-back", &story]).code, "not-yours");
    assert_eq!(ana.refused("", &["take-back", &response]).exit, 6);
    let taken = bo.data(&["take-back", &response]);
    assert_eq!(text(&taken, "kind"), "response");
    until("the response is gone", || {
        let now = responses(&ana);
        (now == 0).then_some(()).ok_or(now)
    });
}

#[test]
fn whoever_left_can_still_take_back_what_they_shared() {
    let (ana, bo) = two();
    let story = bo.share(MARKER);
    arrives(&ana, &story);
    bo.data(&["leave", "--confirm", "Tuesday circle"]);
    bo.data(&["take-back", &story]);
    goes(&ana, &story);
    assert_eq!(bo.output("", &["read", &story]).status.code(), Some(6));
}

/// Waits until a story is gone from a computer.
#[track_caller]
fn goes(computer: &Computer, story: &str) {
    until("the story goes", || {
        let output = computer.output("", &["read", story]);
        (output.status.code() == Some(6))
            .then_some(())
            .ok_or("it is here")
    });
}
