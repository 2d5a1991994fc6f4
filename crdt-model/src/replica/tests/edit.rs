//! Editing: the new words take the place of the old ones, and what was answered stays with them.

use super::circle::{Circle, NOW, Other, story};
use crate::content::response::Response;
use crate::content::story::Ask;
use crate::id::ThingId;
use crate::membership::act::History;
use crate::replica::input::{Edit, Fade};
use crate::replica::output::Refusal;
use crate::replica::overview::StoryLine;

/// Other words, with nothing else said.
fn to(text: &str) -> Edit {
    Edit {
        text: text.to_owned(),
        ..Edit::default()
    }
}

impl Circle {
    fn edit(&mut self, thing: ThingId, edit: Edit) -> Result<ThingId, Refusal> {
        let edited = self.replica.edit(thing, edit, NOW, &mut self.rng);
        self.finish();
        edited
    }

    /// Takes in somebody's response to a story, as it is known where they are.
    fn answer(&mut self, who: &mut Other, nonce: u8, to: ThingId, text: &str) {
        let header = self.header(who, nonce);
        let response = Response {
            to,
            text: crate::content::clean_text(text).unwrap(),
            written: NOW,
        };
        let body = response.create(header.device).unwrap();
        let (header, sealed) = self.seal(header, &body);
        self.entry(who, header, &sealed);
        self.finish();
    }

    fn read(&self) -> Vec<StoryLine> {
        self.replica.stories(usize::MAX, NOW).unwrap()
    }
}

/// The text of a story with the texts of its responses.
fn texts(line: &StoryLine) -> (&str, Vec<&str>) {
    let responses = line.responses.iter().map(|line| line.text.as_str());
    (&line.text, responses.collect())
}

#[test]
fn responses_stay_through_every_edit() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let first = circle.share("One.");
    circle.answer(&mut bo, 1, first, "With you.");
    let second = circle.edit(first, to("Two.")).unwrap();
    // Bo has not heard of the edit yet.
    circle.answer(&mut bo, 2, first, "Still with you.");
    let third = circle.edit(second, to("Three.")).unwrap();
    let own = circle
        .replica
        .respond(third, "Thank you.", NOW, &mut circle.rng);
    own.unwrap();
    circle.finish();
    let read = circle.read();
    let responses = vec!["With you.", "Still with you.", "Thank you."];
    assert_eq!(
        read.iter().map(texts).collect::<Vec<_>>(),
        [("Three.", responses)]
    );
    assert!(read[0].edited);
    assert!(
        !circle.store.holds(b"One."),
        "the old words are nowhere in clear"
    );
    assert_eq!(circle.store.forgotten(), [first, second]);
}

#[test]
fn what_is_not_said_stays_as_it_was() {
    let mut circle = Circle::found();
    let mut with_note = story("One.");
    with_note.ask = Ask::Ideas;
    with_note.note = Some(crate::content::clean_text("sleep").unwrap());
    let shared = circle
        .replica
        .share(&with_note, Fade::AsSettled, NOW, &mut circle.rng);
    let thing = circle.edit(shared.unwrap(), to("Two.")).unwrap();
    let line = |circle: &Circle| {
        let line = circle.read().remove(0);
        (line.ask, line.note)
    };
    assert_eq!(line(&circle), (Ask::Ideas, Some("sleep".to_owned())));
    let edit = Edit {
        ask: Some(Ask::Listen),
        note: Some(" ".to_owned()),
        ..to("Three.")
    };
    circle.edit(thing, edit).unwrap();
    assert_eq!(line(&circle), (Ask::Listen, None));
}

#[test]
fn a_response_is_edited_where_it_stands() {
    let mut circle = Circle::found();
    let thing = circle.share("One.");
    let said = circle
        .replica
        .respond(thing, "With him.", NOW, &mut circle.rng);
    circle.edit(said.unwrap(), to("With you.")).unwrap();
    let read = circle.read();
    assert_eq!(texts(&read[0]), ("One.", vec!["With you."]));
}

#[test]
fn only_what_is_ones_own_and_still_there_is_edited() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let theirs = circle.tell(&mut bo, 1, "Bo's.");
    assert_eq!(circle.edit(theirs, to("Mine.")), Err(Refusal::NotAllowed));
    let thing = circle.share("One.");
    assert_eq!(circle.edit(thing, to("  ")), Err(Refusal::Empty));
    assert_eq!(circle.texts(), ["One.", "Bo's."]);
    circle.edit(thing, to("Two.")).unwrap();
    assert_eq!(circle.edit(thing, to("Three.")), Err(Refusal::NotFound));
    assert_eq!(circle.texts(), ["Two.", "Bo's."]);
}

/// Bo knows the nonce of Ana's story, as everybody does.
#[test]
fn nobody_takes_the_place_of_what_another_shared() {
    let mut circle = Circle::found();
    let mut bo = circle.join(2, History::All);
    let thing = circle.share("Ana's.");
    circle.answer(&mut bo, 1, thing, "With you.");
    let nonce = {
        let known = circle
            .replica
            .rows
            .load(&circle.replica.rows.thing_key(&thing));
        let known = known.unwrap().unwrap();
        circle.replica.origin_of(&known).unwrap().0.nonce
    };
    let header = circle.header(&bo, 2);
    let mut forged = story("Bo's.");
    forged.replaces = Some(nonce);
    let body = forged.create(header.device).unwrap();
    let (header, sealed) = circle.seal(header, &body);
    circle.entry(&mut bo, header, &sealed);
    circle.finish();
    let read = circle.read();
    let read: Vec<_> = read.iter().map(texts).collect();
    assert_eq!(read.len(), 2);
    assert!(read.contains(&("Ana's.", vec!["With you."])), "{read:?}");
    assert!(read.contains(&("Bo's.", vec![])), "{read:?}");
}
