//! Devices of a person, with real nodes: back by words after everything was lost, a second computer, and
//! a home that was put back to an earlier state.

use super::{PROGRAM, arrives, computer, two};
use circlet_tests::nodes::{Computer, list, text, together, until};
use std::fs;
use std::path::Path;

#[test]
fn words_and_a_card_bring_a_person_back_after_their_computer_is_lost() {
    let (ana, bo) = two();
    let theirs = ana.share("Before it was lost.");
    arrives(&bo, &theirs);
    arrives(&ana, &bo.share("From the first computer."));
    let shown = bo.data(&["words", "show", "--yes"]);
    let cards = list(&shown, "cards");
    assert_eq!(text(&cards[0], "name"), "Tuesday circle");
    let card = text(&cards[0], "card");
    let paper = format!("{}\n\n# Tuesday\n{card}\n", text(&shown, "words"));
    drop(bo);

    let mut new = Computer::bare(PROGRAM);
    let file = new.file("words.txt", &paper);
    let wrong = new.file("wrong.txt", &card);
    let refused = new.refused("", &["restore", "--words-file", &wrong, "--no-passphrase"]);
    assert_eq!(refused.code, "words-count");
    let args = ["restore", "--words-file", &file, "--no-passphrase"];
    let begun = new.data(&args);
    assert_eq!(text(&list(&begun, "circles")[0], "state"), "returning");
    let sentence = text(&new.only(), "sentence");
    assert!(
        sentence.starts_with("Coming back to this circle"),
        "{sentence}"
    );
    // Again is no harm, and a restart neither.
    new.data(&args);
    new.start();
    new.wait_for_state("joined");
    together(&[&ana, &new], &["Ana", "Bo"]);
    arrives(&new, &theirs);
    arrives(&ana, &new.share("And from the second."));
    let mut by_bo = ana.stories();
    by_bo.retain(|(author, _)| author == "Bo");
    assert_eq!(by_bo.len(), 2, "{by_bo:?}");
    assert_eq!(new.stories(), ana.stories());
    let misplaced = new.refused(&card, &["join", "-"]);
    assert_eq!(misplaced.code, "circle-card-here");
}

#[test]
fn two_of_three_parts_of_the_words_bring_a_person_back() {
    let (ana, bo) = two();
    let theirs = ana.share("Before it was lost.");
    arrives(&bo, &theirs);
    let split = bo.data(&["words", "split", "--yes"]);
    let parts: Vec<String> = list(&split, "parts")
        .iter()
        .map(|it| it.as_str().unwrap().into())
        .collect();
    assert_eq!((parts.len(), &split["needed"]), (3, &2.into()));
    drop(bo);

    // Bo asks two of the three for their parts, and Ana for a fresh key.
    let key = text(&ana.data(&["invite"]), "key");
    let mut new = Computer::bare(PROGRAM);
    let restore =
        |file: &str| ["restore", "--words-file", file, "--no-passphrase"].map(str::to_owned);
    let with = |parts: &[&String]| {
        let lines: Vec<&str> = parts.iter().map(|part| part.as_str()).collect();
        format!("# From Cai and Dee\n{}\n\n{key}\n", lines.join("\n"))
    };
    let one = new.file("one.txt", &with(&[&parts[0]]));
    let refused = new.refused("", &restore(&one).each_ref().map(String::as_str));
    assert_eq!(refused.code, "parts-missing");
    let both = new.file("two.txt", &with(&[&parts[2], &parts[0]]));
    new.data(&restore(&both).each_ref().map(String::as_str));
    new.start();
    new.wait_for_state("joined");
    together(&[&ana, &new], &["Ana", "Bo"]);
    arrives(&new, &theirs);
    let checked = new.data(&["words", "check", "--words-file", &both]);
    assert!(text(&checked, "sentence").starts_with("These are the words of this home"));
}

#[test]
fn a_second_computer_is_linked_by_key_and_four_words_and_taken_out_again() {
    let (ana, bo) = two();
    arrives(&bo, &ana.share("For both of Bo's."));
    let mut laptop = computer("Bo at the laptop");
    laptop.start();
    let key = text(&bo.data(&["device", "add"]), "key");
    let joined = laptop.data_from(&key, &["join", "-"]);
    assert_eq!(joined["state"], "pending");
    let words = text(&joined, "words");
    assert_eq!(words.split(' ').count(), 4);
    until("Bo's computer knows of it", || {
        let devices = bo.data(&["device", "list"]);
        (devices["waiting"] == 1).then_some(()).ok_or(devices)
    });
    let other = bo.refused("", &["device", "add", "--confirm", "able able able able"]);
    assert_eq!(other.code, "four-words");
    bo.data(&["device", "add", "--confirm", &words]);
    laptop.wait_for_state("joined");
    together(&[&ana, &bo, &laptop], &["Ana", "Bo"]);
    assert_eq!(laptop.stories(), bo.stories());
    arrives(&ana, &laptop.share("From the laptop."));
    assert!(
        ana.stories()
            .contains(&("Bo".to_owned(), "From the laptop.".to_owned()))
    );

    let devices = bo.data(&["device", "list"]);
    let devices = list(&devices, "devices");
    assert_eq!(devices.len(), 2);
    assert_eq!(
        (devices[0]["here"].as_bool(), devices[1]["here"].as_bool()),
        (Some(true), Some(false))
    );
    let id = text(&devices[1], "id");
    let slip = bo.refused("", &["device", "remove", &id]);
    assert_eq!(slip.code, "usage");
    bo.data(&["device", "remove", &id, "--confirm", &id]);
    laptop.wait_for_state("taken-out");
    let later = ana.share("Not for the laptop.");
    arrives(&bo, &later);
    assert!(
        laptop
            .stories()
            .iter()
            .all(|(_, text)| text != "Not for the laptop.")
    );
}

#[test]
fn a_home_that_was_put_back_goes_on_as_a_new_device_with_every_word() {
    let (ana, mut bo) = two();
    arrives(&ana, &bo.share("Long ago."));
    bo.stop();
    let copy = bo.folder().join("copy");
    copy_folder(bo.home(), &copy);
    bo.start();
    arrives(&ana, &bo.share("After the copy was made."));
    bo.stop();
    fs::remove_dir_all(bo.home()).unwrap();
    copy_folder(&copy, bo.home());
    bo.share("On the copy.");
    bo.start();
    until("Bo goes on with a new device", || {
        let devices = bo.data(&["device", "list"]);
        (list(&devices, "devices").len() == 2)
            .then_some(())
            .ok_or(devices)
    });
    together(&[&ana, &bo], &["Ana", "Bo"]);
    arrives(&ana, &bo.share("Going on."));
    let wanted = [
        "After the copy was made.",
        "Going on.",
        "Long ago.",
        "On the copy.",
    ];
    for computer in [&ana, &bo] {
        until("every word is there", || {
            let texts: Vec<String> = computer.stories().into_iter().map(|(_, it)| it).collect();
            (texts == wanted).then_some(()).ok_or(texts.join(" "))
        });
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (kind, to) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy_folder(&entry.path(), &to);
        } else if kind.is_file() {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}
