//! What was written on top of words that a cut takes out of view is written again, once.

use super::agreement::{about, begin, header, seen, text, write};
use super::circle::{Circle, NOW, Other};
use super::cuts::{heads, removal, restart, settle, wake, with_keepers};
use crate::bounded::List;
use crate::content::agreement::Agreement;
use crate::log::header::Header;
use crate::membership::act::Kind;
use crate::replica::acts::Taken;
use crate::replica::agreements::MAX_OF_ONE;
use crate::replica::overview::Answer;
use crate::time::Timestamp;
use core::time::Duration;

/// So long it is waited.
const WAIT: Duration = Duration::from_secs(10);
/// Once that is over.
const LATER: Timestamp = Timestamp(NOW.0 + 10_000);

/// Somebody puts a sentence behind the agreement that Ana sees.
fn add(circle: &mut Circle, who: &mut Other, sentence: &str) {
    let kept = circle.replica.counting_agreement().unwrap().unwrap().1;
    let document = circle.replica.open_agreement(kept).unwrap().unwrap();
    let words = document.text().unwrap() + sentence;
    let device = who.keys.device.device();
    let edited = Agreement::edit(&document, &document, &words, device, NOW);
    let thing = circle.replica.counting_agreement().unwrap().unwrap().0;
    let header = Header {
        thing,
        ..about(circle, who, &header(circle, who, 1))
    };
    let (header, sealed) = circle.seal(header, &edited.unwrap().unwrap());
    circle.entry(who, header, &sealed);
    circle.finish();
}

/// Eve removes somebody, and holds nothing of theirs.
fn cut(circle: &mut Circle, who: &Other, eve: &Other) {
    let (before, kind) = (heads(circle), removal(circle, who, 0));
    assert_eq!(circle.act_on(eve, &before, kind).1, Taken::New);
    settle(circle, NOW);
}

/// The wait begins, and is over.
fn wait(circle: &mut Circle) {
    wake(circle, NOW);
    wake(circle, LATER);
}

fn written(circle: &Circle) -> u64 {
    let device = circle.replica.device();
    circle.replica.frontier.chain(&device, 0).len()
}

/// Nothing more is written, however often it begins anew.
fn nothing_more_comes(circle: &mut Circle) {
    let (before, shown) = (written(circle), text(circle));
    for hour in 1..4 {
        restart(circle);
        wake(circle, NOW.after(Duration::from_hours(hour)));
        wake(circle, NOW.after(Duration::from_hours(hour)).after(WAIT));
    }
    assert_eq!((written(circle), text(circle)), (before, shown));
}

/// Ana, Bo and Ana again write a sentence each.
fn three_sentences() -> (Circle, [Other; 3]) {
    let (mut circle, mut bo, cai, eve) = with_keepers();
    write(&mut circle, "One.");
    add(&mut circle, &mut bo, " Two.");
    write(&mut circle, "One. Two. Three.");
    (circle, [bo, cai, eve])
}

#[test]
fn who_wrote_last_on_top_of_a_cut_writes_it_again_once() {
    for restarts in [false, true] {
        let (mut circle, [bo, _, eve]) = three_sentences();
        cut(&mut circle, &bo, &eve);
        assert_eq!(text(&circle), "One.");
        if restarts {
            restart(&mut circle);
        }
        wake(&mut circle, NOW);
        assert_eq!(text(&circle), "One.", "what else comes is waited for");
        wake(&mut circle, LATER);
        assert_eq!(text(&circle), "One. Two. Three.");
        assert_eq!(seen(&circle).unwrap().mine(), Answer::Yes);
        nothing_more_comes(&mut circle);
    }
}

#[test]
fn who_wrote_something_since_has_seen_what_is_gone() {
    let (mut circle, [bo, _, eve]) = three_sentences();
    cut(&mut circle, &bo, &eve);
    write(&mut circle, "One. Four.");
    wait(&mut circle);
    assert_eq!(text(&circle), "One. Four.");
}

#[test]
fn another_who_built_on_it_writes_it_as_long_as_they_belong() {
    let (mut circle, [bo, mut cai, eve]) = three_sentences();
    add(&mut circle, &mut cai, " Cai.");
    cut(&mut circle, &bo, &eve);
    let before = written(&circle);
    wait(&mut circle);
    assert_eq!((written(&circle), &*text(&circle)), (before, "One."));
    let cut = circle.replica.cuts_of(&[cai.keys.device.device()]).unwrap();
    let cut = List::new(cut).unwrap();
    assert_eq!(circle.act(&cai, Kind::Leave { cut }).1, Taken::New);
    settle(&mut circle, NOW);
    wait(&mut circle);
    assert_eq!(text(&circle), "One. Two. Three. Cai.");
    nothing_more_comes(&mut circle);
}

#[test]
fn whose_entries_are_used_up_begins_it_again() {
    let (mut circle, mut bo, _, eve) = with_keepers();
    for number in 1..MAX_OF_ONE {
        write(&mut circle, &format!("As of {number}."));
    }
    add(&mut circle, &mut bo, " Two.");
    let words = text(&circle) + " Three.";
    write(&mut circle, &words);
    cut(&mut circle, &bo, &eve);
    wait(&mut circle);
    assert_eq!(text(&circle), words);
    nothing_more_comes(&mut circle);
}

#[test]
fn what_was_left_of_another_agreement_stands_below_the_one_begun_since() {
    for since in [5, 40] {
        let (mut circle, mut bo, mut cai, eve) = with_keepers();
        let first = begin(&mut circle, &mut bo, 1, "Bo's.");
        circle.take(&bo, &first);
        write(&mut circle, "Bo's. Ana's.");
        cai.lamport = since;
        let other = begin(&mut circle, &mut cai, 1, "Cai's.");
        circle.take(&cai, &other);
        cut(&mut circle, &bo, &eve);
        assert_eq!(text(&circle), "Cai's.");
        wait(&mut circle);
        let below = "Cai's.\n\nBo's. Ana's.";
        let whole = if since == 40 { below } else { "Bo's. Ana's." };
        assert_eq!(text(&circle), whole);
        nothing_more_comes(&mut circle);
    }
}

#[test]
fn nothing_is_lost_when_the_cut_rises_after_all() {
    for more in ["", " Four.", " Five.", " Six.", " Seven.", " Eight."] {
        let (mut circle, [bo, cai, eve]) = three_sentences();
        let before = heads(&circle);
        let (low, high) = (removal(&circle, &bo, 0), removal(&circle, &bo, 1));
        assert_eq!(circle.act_on(&eve, &before, low).1, Taken::New);
        settle(&mut circle, NOW);
        wait(&mut circle);
        let words = format!("One. Two. Three.{more}");
        write(&mut circle, &words);
        // Cai, who has not heard, removes Bo too, and has seen his sentence.
        assert_eq!(circle.act_on(&cai, &before, high).1, Taken::New);
        settle(&mut circle, NOW);
        wake(&mut circle, LATER);
        wake(&mut circle, LATER.after(WAIT));
        // Some of it may stand there twice.
        let text = text(&circle);
        let all = ["One.", " Two.", " Three.", more];
        assert!(all.iter().all(|part| text.contains(part)), "{text}");
        nothing_more_comes(&mut circle);
        println!("{text}");
    }
}
