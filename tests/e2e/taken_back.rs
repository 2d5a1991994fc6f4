//! Taking back, with real nodes: from every computer, also from one that was away and meets only somebody
//! else; and nobody takes back what another shared.

use super::{arrives, computer, two};
use circlet_tests::disk::{any_file_holds, copy_folder};
use circlet_tests::nodes::{Computer, text, together, until};
use std::fs;

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
    }
    for computer in [&bo, &cai] {
        assert_eq!(computer.refused("", &["take-back", &story]).exit, 6);
    }
    until("everybody has said so", || {
        let gone = ana.data(&["take-back", &story]);
        let sentence = text(&gone, "sentence");
        (sentence == "Gone from all 3 computers.")
            .then_some(())
            .ok_or(sentence)
    });
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
fn an_edit_reaches_everybody_and_keeps_what_was_answered() {
    let (ana, mut bo) = two();
    let story = ana.share(MARKER);
    arrives(&bo, &story);
    bo.stop();
    // Bo answers the words he has, while Ana finds better ones.
    bo.data_from("With you.", &["respond", &story, "-"]);
    let edited = text(&ana.data_from("A long week.", &["edit", &story, "-"]), "id");
    bo.start();
    for computer in [&ana, &bo] {
        until("the edit and the response are there", || {
            let read = computer.data(&["read"]);
            let one = &read["stories"][0];
            let there = one["id"] == edited.as_str()
                && one["text"] == "A long week."
                && one["edited"] == true
                && one["responses"][0]["text"] == "With you."
                && read["stories"].as_array().is_some_and(|all| all.len() == 1);
            there.then_some(()).ok_or(read)
        });
    }
    assert_eq!(
        bo.refused("Mine.", &["edit", &edited, "-"]).code,
        "not-yours"
    );
    assert_eq!(ana.refused("Again.", &["edit", &story, "-"]).exit, 6);
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

#[test]
fn no_file_of_any_home_holds_or_opens_what_was_taken_back() {
    let names = ["Ana", "Bo", "Cai", "Dee", "Eve"];
    let mut all = names.map(computer);
    all[0].found("Tuesday circle");
    for at in 1..all.len() {
        let key = text(&all[0].data(&["invite"]), "key");
        all[at].start();
        all[at].data_from(&key, &["join", "-"]);
    }
    together(&all.each_ref(), &names);
    let story = all[0].share(MARKER);
    let kept = all[0].share("This one stays.");
    for computer in &all {
        arrives(computer, &story);
        arrives(computer, &kept);
    }
    // A copy of every file as it was before, with everything in it.
    for computer in &mut all {
        computer.stop();
        copy_folder(computer.home(), &computer.folder().join("before"));
    }
    let away = all.len() - 1;
    for computer in &mut all[..away] {
        computer.start();
    }
    all[0].data(&["take-back", &story]);
    for computer in &all[..away] {
        goes(computer, &story);
    }
    // One was away; one is put back to the older copy of its home.
    all[away].start();
    goes(&all[away], &story);
    all[away - 1].stop();
    fs::remove_dir_all(all[away - 1].home()).unwrap();
    copy_folder(&all[away - 1].folder().join("before"), all[away - 1].home());
    all[away - 1].start();
    goes(&all[away - 1], &story);
    for computer in &mut all {
        computer.stop();
        assert!(!any_file_holds(computer.folder(), MARKER.as_bytes()));
        let read = |computer: &Computer| {
            let read = computer.output("", &["read", "--all"]).stdout;
            String::from_utf8(read).unwrap()
        };
        let now = read(computer);
        assert!(now.contains("This one stays.") && !now.contains(MARKER));
        // The old store, with every key that the home has now.
        let rows = computer.home().join("store");
        fs::remove_dir_all(&rows).unwrap();
        copy_folder(&computer.folder().join("before").join("store"), &rows);
        assert!(!read(computer).contains(MARKER));
        // So it was in there, for who had the old keys too.
        copy_folder(&computer.folder().join("before"), computer.home());
        assert!(read(computer).contains(MARKER));
    }
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
