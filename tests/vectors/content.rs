//! What members share: the bodies of each kind of thing, before they are sealed.

use crate::book::{Book, Frozen};
use crate::cast;
use circlet_model::bounded::Text;
use circlet_model::content::agreement::{self, Agreement};
use circlet_model::content::gesture::{Gesture, Says};
use circlet_model::content::profile::Profile;
use circlet_model::content::response::Response;
use circlet_model::content::settings::Settings;
use circlet_model::content::story::{Ask, Story};
use circlet_model::content::{self, Body, Content};
use circlet_model::id::ThingId;

#[test]
fn bodies() {
    let (person, device) = cast::ana_ids();
    let mut book = Book::new("content");
    for (name, content) in contents() {
        book.put(name, create(&content).encode());
    }
    for (name, body) in agreement() {
        book.put(name, body.encode());
    }
    let words = agreement::hash("We listen.\nAnyone can pass, always.");
    book.put("what stands for its words", words.0);
    let renamed = Settings::named(Text::new("Wednesday").unwrap());
    let first = create(&contents()[4].1);
    let writes = [write(&first)];
    let (_, mut document) = content::open(person, &writes).unwrap();
    let edit = renamed.edit(&mut document, device, cast::NOW);
    book.put("settings, changed", edit.unwrap().unwrap().encode());
    let frozen = book.freeze();
    for (name, content) in contents() {
        let body = Body::decode(&frozen.bytes(name)).unwrap();
        assert_eq!(Content::read(person, &[write(&body)]).unwrap(), content);
    }
    reads_together(&frozen);
    let first = Body::decode(&frozen.bytes("settings")).unwrap();
    let second = Body::decode(&frozen.bytes("settings, changed")).unwrap();
    let read = Content::read(person, &[write(&second), write(&first)]);
    assert_eq!(read.unwrap(), Content::Settings(renamed));
}

/// An agreement, and two edits of it that Ana and Bo made apart.
fn agreement() -> [(&'static str, Body); 3] {
    let (person, device) = cast::ana_ids();
    let first = Agreement::create("Anyone may pass.", device, cast::NOW).unwrap();
    let document = Agreement::open(person, &[write(&first)]).unwrap();
    let edit = |text, device| {
        let edited = Agreement::edit(&document, &document, text, device, cast::NOW);
        edited.unwrap().unwrap()
    };
    let anas = edit("We listen.\nAnyone may pass.", device);
    let bos = edit("Anyone can pass, always.", cast::bo_device().device());
    [
        ("agreement", first),
        ("agreement, changed", anas),
        ("agreement, changed apart", bos),
    ]
}

fn reads_together(frozen: &Frozen) {
    let bodies = agreement().map(|(name, _)| Body::decode(&frozen.bytes(name)).unwrap());
    let [first, anas, bos] = bodies.each_ref().map(write);
    let bos = content::Write {
        device: cast::bo_device().device(),
        signer: cast::bo().person(),
        is_keeper: false,
        ..bos
    };
    let (person, _) = cast::ana_ids();
    let read = Content::read(person, &[bos, anas, first]).unwrap();
    let text = "We listen.\nAnyone can pass, always.";
    assert!(
        matches!(&read, Content::Agreement(it) if it.text == text),
        "{read:?}"
    );
    let words = agreement::hash(text);
    assert_eq!(frozen.bytes("what stands for its words"), words.0);
}

fn write(body: &Body) -> content::Write<'_> {
    let (signer, device) = cast::ana_ids();
    content::Write {
        device,
        signer,
        is_keeper: true,
        body,
    }
}

fn create(content: &Content) -> Body {
    let device = cast::ana_device().device();
    match content {
        Content::Story(story) => story.create(device),
        Content::Response(response) => response.create(device),
        Content::Profile(profile) => profile.create(device, cast::NOW),
        Content::Settings(settings) => settings.create(device, cast::NOW),
        Content::Agreement(agreement) => Agreement::create(&agreement.text, device, cast::NOW),
        Content::Gesture(gesture) => gesture.create(device),
    }
    .unwrap()
}

fn contents() -> [(&'static str, Content); 7] {
    let story = Story {
        text: Text::new("It was a long week.").unwrap(),
        ask: Ask::Listen,
        note: None,
        replaces: None,
        written: cast::NOW,
    };
    let with_all = Story {
        ask: Ask::AskFirst,
        note: Some(Text::new("about sleep").unwrap()),
        replaces: Some([0xb1; 16]),
        ..story.clone()
    };
    let response = Response {
        to: ThingId([0xb1; 16]),
        text: Text::new("I am with you.").unwrap(),
        written: cast::NOW,
    };
    let gesture = Gesture {
        to: ThingId([0xb1; 16]),
        says: Says::ThankYou,
    };
    let profile = Profile {
        name: Text::new("Ana").unwrap(),
        agreed: None,
    };
    let agrees = Profile {
        agreed: Some(agreement::hash("Anyone may pass.")),
        ..profile.clone()
    };
    let settings = Settings::named(Text::new("Tuesday").unwrap());
    [
        ("story", Content::Story(story)),
        ("story with all keys", Content::Story(with_all)),
        ("response", Content::Response(response)),
        ("profile", Content::Profile(profile)),
        ("settings", Content::Settings(settings)),
        ("profile with all keys", Content::Profile(agrees)),
        ("gesture", Content::Gesture(gesture)),
    ]
}
