//! What members share: the bodies of each kind of thing, before they are sealed.

use crate::book::Book;
use crate::cast;
use circlet_model::bounded::Text;
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
    let first = Body::decode(&frozen.bytes("settings")).unwrap();
    let second = Body::decode(&frozen.bytes("settings, changed")).unwrap();
    let read = Content::read(person, &[write(&second), write(&first)]);
    assert_eq!(read.unwrap(), Content::Settings(renamed));
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
        Content::Gesture(gesture) => gesture.create(device),
    }
    .unwrap()
}

fn contents() -> [(&'static str, Content); 6] {
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
    };
    let settings = Settings::named(Text::new("Tuesday").unwrap());
    [
        ("story", Content::Story(story)),
        ("story with all keys", Content::Story(with_all)),
        ("response", Content::Response(response)),
        ("profile", Content::Profile(profile)),
        ("settings", Content::Settings(settings)),
        ("gesture", Content::Gesture(gesture)),
    ]
}
