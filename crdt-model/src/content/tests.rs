//! Tests of what things say: made, read, merged, refused.

use super::gesture::Says;
use super::story::Ask;
use super::*;
use crate::document::Value;
use crate::id::ThingId;
use crate::time::Timestamp;
use proptest::prelude::*;

const ANA: PersonId = PersonId([1; 32]);
const BO: PersonId = PersonId([2; 32]);
const LAPTOP: DeviceId = DeviceId([11; 32]);
const PHONE: DeviceId = DeviceId([12; 32]);
const BOS: DeviceId = DeviceId([21; 32]);
const WRITTEN: Timestamp = Timestamp(1_795_428_000_123);

fn story(words: &str) -> Story {
    Story {
        text: Text::new(words).unwrap(),
        ask: Ask::Ideas,
        note: Some(Text::new("grief").unwrap()),
        replaces: Some([9; 16]),
        written: WRITTEN,
    }
}

fn write(device: DeviceId, signer: PersonId, is_keeper: bool, body: &Body) -> Write<'_> {
    Write {
        device,
        signer,
        is_keeper,
        body,
    }
}

fn settings(name: &str) -> Settings {
    Settings {
        fade: Some(30),
        tells: true,
        name: Text::new(name).unwrap(),
    }
}

#[test]
fn a_story_reads_as_it_was_written() {
    let story = story("It was a long week.\n\nBut it ended.");
    let body = story.create(LAPTOP).unwrap();
    let body = Body::decode(&body.encode()).unwrap();
    let read = Content::read(ANA, &[write(LAPTOP, ANA, false, &body)]);
    assert_eq!(read, Ok(Content::Story(story)));
}

#[test]
fn a_gesture_reads_as_it_was_made_and_what_is_not_known_is_none() {
    let to = ThingId([3; 16]);
    for says in Says::ALL {
        let gesture = Gesture { to, says };
        let body = gesture.create(LAPTOP).unwrap();
        assert_eq!(body.kind(), Ok(Kind::Gesture));
        let read = Content::read(ANA, &[write(LAPTOP, ANA, false, &body)]);
        assert_eq!(read, Ok(Content::Gesture(gesture)));
        assert_eq!(Says::from_name(says.name()), Some(says));
        // The same from two devices at once is the same.
        let twice = gesture.create(PHONE).unwrap();
        let writes = [
            write(LAPTOP, ANA, false, &body),
            write(PHONE, ANA, false, &twice),
        ];
        assert_eq!(Content::read(ANA, &writes), Ok(Content::Gesture(gesture)));
        // Nobody else's counts.
        let read = Content::read(ANA, &[write(BOS, BO, true, &body)]);
        assert_eq!(read, Err(Error::NotBegun));
    }
    let sets = [
        ("s", Some(Value::bytes(to.as_bytes()).unwrap())),
        ("g", Some(Value::Uint(3))),
    ];
    for sets in [&sets[..], &sets[..1], &sets[1..]] {
        let (_, change) = Document::begin(LAPTOP, WRITTEN, sets).unwrap();
        let body = Body::new(Kind::Gesture, &[change]).unwrap();
        let read = Content::read(ANA, &[write(LAPTOP, ANA, false, &body)]);
        assert_eq!(read, Err(Error::Incomplete));
    }
}

#[test]
fn a_response_reads_as_it_was_written() {
    let text = Text::new("With you.").unwrap();
    let response = Response {
        to: ThingId([3; 16]),
        text,
        written: WRITTEN,
    };
    let body = response.create(BOS).unwrap();
    let read = Content::read(BO, &[write(BOS, BO, false, &body)]);
    assert_eq!(read, Ok(Content::Response(response)));
}

#[test]
fn an_agreement_reads_as_it_was_written_and_two_edits_as_both() {
    let first = Agreement::create("Anyone may pass.", LAPTOP, WRITTEN).unwrap();
    let begun = [write(LAPTOP, ANA, false, &first)];
    let document = Agreement::open(ANA, &begun).unwrap();
    let edit = |text, device| Agreement::edit(&document, &document, text, device, WRITTEN);
    assert_eq!(edit("Anyone may pass.", BOS), Ok(None));
    let bos = edit("Anyone may pass.\nWe listen.", BOS).unwrap().unwrap();
    let anas = edit("Anyone may always pass.", PHONE).unwrap().unwrap();
    let writes = [
        write(BOS, BO, false, &bos),
        write(PHONE, ANA, false, &anas),
        begun[0],
    ];
    let Content::Agreement(read) = Content::read(ANA, &writes).unwrap() else {
        panic!("an agreement")
    };
    assert_eq!(read.text, "Anyone may always pass.\nWe listen.");
    assert_eq!(read.version.len(), 2);
    assert_ne!(
        agreement::hash(&read.text),
        agreement::hash("Anyone may pass.")
    );
    assert_eq!(
        Content::read(BO, &writes[..1]),
        Err(document::Error::Empty.into())
    );
}

#[test]
fn a_profile_says_what_its_person_agreed_to() {
    let profile = Profile {
        name: Text::new("Ana").unwrap(),
        agreed: Some(agreement::hash("Anyone may pass.")),
    };
    let body = profile.create(LAPTOP, WRITTEN).unwrap();
    let read = Content::read(ANA, &[write(LAPTOP, ANA, false, &body)]);
    assert_eq!(read, Ok(Content::Profile(profile)));
}

#[test]
fn a_profile_changes_on_another_device() {
    let profile = |name| Profile {
        name: Text::new(name).unwrap(),
        agreed: None,
    };
    let first = profile("Ana").create(LAPTOP, WRITTEN).unwrap();
    let (_, mut document) = open(ANA, &[write(LAPTOP, ANA, false, &first)]).unwrap();
    let second = profile("Ana B.")
        .edit(&mut document, PHONE, WRITTEN)
        .unwrap()
        .unwrap();
    assert_eq!(
        profile("Ana B.").edit(&mut document, PHONE, WRITTEN),
        Ok(None)
    );
    let writes = [
        write(PHONE, ANA, false, &second),
        write(LAPTOP, ANA, false, &first),
    ];
    assert_eq!(
        Content::read(ANA, &writes),
        Ok(Content::Profile(profile("Ana B.")))
    );
}

#[test]
fn settings_follow_keepers_only() {
    let first = settings("Tuesdays").create(LAPTOP, WRITTEN).unwrap();
    let founding = write(LAPTOP, ANA, true, &first);
    let (_, mut document) = open(ANA, &[founding]).unwrap();
    let second = settings("Mondays")
        .edit(&mut document, BOS, WRITTEN)
        .unwrap()
        .unwrap();
    let by_keeper = [founding, write(BOS, BO, true, &second)];
    let by_member = [founding, write(BOS, BO, false, &second)];
    assert_eq!(
        Content::read(ANA, &by_keeper),
        Ok(Content::Settings(settings("Mondays")))
    );
    assert_eq!(
        Content::read(ANA, &by_member),
        Ok(Content::Settings(settings("Tuesdays")))
    );
}

#[test]
fn nobody_elses_body_changes_a_story() {
    let mine = story("Mine.");
    let first = mine.create(LAPTOP).unwrap();
    let (_, mut document) = open(ANA, &[write(LAPTOP, ANA, false, &first)]).unwrap();
    let change = document.edit(BOS, WRITTEN, &[("t", Some(Value::text("Yours.").unwrap()))]);
    let second = Body::new(Kind::Story, &[change.unwrap().unwrap()]).unwrap();
    let hidden = settings("Hidden").create(BOS, WRITTEN).unwrap();
    let writes = [
        write(BOS, BO, true, &second),
        write(BOS, BO, true, &hidden),
        write(LAPTOP, ANA, false, &first),
    ];
    assert_eq!(Content::read(ANA, &writes), Ok(Content::Story(mine)));
    assert_eq!(Content::read(ANA, &writes[..2]), Err(Error::NotBegun));
}

#[test]
fn a_body_signed_by_another_device_does_not_read() {
    // A body holds no device: under another header its words become that device's own.
    let body = story("Mine.").create(LAPTOP).unwrap();
    let (_, mut document) = open(ANA, &[write(LAPTOP, ANA, false, &body)]).unwrap();
    let change = document.edit(
        LAPTOP,
        WRITTEN,
        &[("t", Some(Value::text("Later.").unwrap()))],
    );
    let later = Body::new(Kind::Story, &[change.unwrap().unwrap()]).unwrap();
    let moved = [
        write(LAPTOP, ANA, false, &body),
        write(PHONE, ANA, false, &later),
    ];
    assert_eq!(
        Content::read(ANA, &moved),
        Ok(Content::Story(story("Mine.")))
    );
}

#[test]
fn unknown_kinds_are_kept_and_unknown_keys_passed_over() {
    let strange = Body {
        kind: 200,
        changes: List::new(vec![Bytes::new(vec![1, 2]).unwrap()]).unwrap(),
    };
    assert_eq!(Body::decode(&strange.encode()), Ok(strange.clone()));
    assert_eq!(strange.check(LAPTOP), Err(Error::Kind(200)));
    assert_eq!(
        Content::read(ANA, &[write(LAPTOP, ANA, false, &strange)]),
        Err(Error::Kind(200))
    );

    let sets = [
        ("t", Some(Value::text("Words.").unwrap())),
        ("a", Some(Value::Uint(77))),
        ("later", Some(Value::Bool(true))),
    ];
    let (document, _) = Document::begin(LAPTOP, WRITTEN, &sets).unwrap();
    let read = Story::read(&document).unwrap();
    assert_eq!((&*read.text, read.ask), ("Words.", Ask::Listen));
}

#[test]
fn a_story_needs_words() {
    assert_eq!(story(" \n\t ").create(LAPTOP), Err(Error::Empty));
    let (document, _) = Document::begin(LAPTOP, WRITTEN, &[("a", Some(Value::Uint(1)))]).unwrap();
    assert_eq!(Story::read(&document), Err(Error::Incomplete));
}

#[test]
fn the_longest_story_fits_and_no_longer_one() {
    let words = "x".repeat(MAX_TEXT);
    let body = story(&words).create(LAPTOP).unwrap();
    assert!(body.encode().len() <= MAX_BODY);
    assert_eq!(Body::decode(&body.encode()), Ok(body));
    assert_eq!(clean_text::<4>("12345"), Err(Error::TooLong(TooLong(4))));
    let large = vec![0; MAX_BODY + 1];
    assert_eq!(
        Body::decode(&large),
        Err(Error::Codec(codec::Error::TooLarge(MAX_BODY)))
    );
}

#[test]
fn a_story_costs_little_more_than_its_words() {
    let plain = Story {
        note: None,
        replaces: None,
        ..story(&"a word".repeat(100))
    };
    let size = plain.create(LAPTOP).unwrap().encode().len();
    println!("a story of 600 characters: body of {size} bytes");
    assert!(size <= 640, "{size}");
}

#[test]
fn the_same_story_gives_the_same_bytes() {
    let story = story("Twice.");
    assert_eq!(
        story.create(LAPTOP).unwrap().encode(),
        story.create(LAPTOP).unwrap().encode()
    );
}

#[test]
fn the_body_stays_as_it_is() {
    let plain = Story {
        note: None,
        replaces: None,
        ..story("Hi")
    };
    let bytes = plain.create(LAPTOP).unwrap().encode();
    let hex = bytes
        .iter()
        .fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    // kind, changes: seq, start, time, deps, sets: ask, ideas; text, words
    assert_eq!(
        hex,
        "0101180101fbc2e4bea03400020161010102000174010302486900"
    );
}

#[test]
fn asks_have_their_names_and_numbers_for_ever() {
    let names = Ask::ALL.map(Ask::name);
    assert_eq!(names, ["listen", "experience", "ideas", "ask-first"]);
    for ask in Ask::ALL {
        assert_eq!(Ask::from_name(ask.name()), Some(ask));
        let body = Story { ask, ..story("x") }.create(LAPTOP).unwrap();
        let Ok(Content::Story(read)) = Content::read(ANA, &[write(LAPTOP, ANA, false, &body)])
        else {
            panic!("a story");
        };
        assert_eq!(read.ask, ask);
    }
    assert_eq!(Ask::from_name("fix-me"), None);
}

#[test]
fn kinds_have_their_numbers_classes_and_writers() {
    use Kind::{Profile, Response, Settings, Story};
    for (kind, number) in [(Story, 1), (Response, 2), (Profile, 3), (Settings, 4)] {
        assert_eq!(
            (kind.number(), Kind::from_number(number)),
            (number, Some(kind))
        );
        let commons = matches!(kind, Profile | Settings);
        assert_eq!(kind.class() == KeyClass::Commons, commons);
    }
    assert_eq!(Kind::from_number(6), None);
    for own in [Story, Response, Profile] {
        assert!(own.may_write(ANA, ANA, false));
        assert!(!own.may_write(BO, ANA, true));
    }
    assert!(Settings.may_write(BO, ANA, true));
    assert!(!Settings.may_write(ANA, ANA, false));
}

#[test]
fn text_is_cleaned() {
    let clean = |text: &str| clean_text::<64>(text).map(|text| text.to_string());
    assert_eq!(clean("a\r\nb\rc \n\n"), Ok("a\nb\nc".into()));
    assert_eq!(clean("  kept\tas is"), Ok("  kept\tas is".into()));
    assert_eq!(clean("red \u{1b}[31mink\u{7f}"), Ok("red [31mink".into()));
    assert_eq!(clean("a\0b"), Err(Error::Unclean));
    assert_eq!(clean(" \u{1b} "), Err(Error::Empty));
}

#[test]
fn names_are_cleaned() {
    let clean = |name: &str| clean_name::<MAX_NAME>(name).map(|name| name.to_string());
    assert_eq!(clean("  Zoë 👩‍🌾 "), Ok("Zoë 👩‍🌾".into()));
    assert_eq!(clean(" "), Err(Error::Empty));
    assert_eq!(clean(&"x".repeat(65)), Err(Error::TooLong(TooLong(64))));
    for hidden in [
        "a\nb",
        "a\u{202e}b",
        "a\u{2066}b",
        "\u{200b}",
        "a\u{1b}b",
        "a\u{2028}b",
    ] {
        assert_eq!(clean(hidden), Err(Error::Unclean), "{hidden:?}");
    }
}

#[test]
fn what_others_wrote_is_cleaned_too() {
    let sets = [("t", Some(Value::text("sly\u{1b}]0;\r\n\u{9b}1m").unwrap()))];
    let (document, _) = Document::begin(BOS, WRITTEN, &sets).unwrap();
    assert_eq!(&*Story::read(&document).unwrap().text, "sly]0;\n1m");
    let (document, _) = Document::begin(
        BOS,
        WRITTEN,
        &[("n", Some(Value::text("\u{202e}oB").unwrap()))],
    )
    .unwrap();
    assert_eq!(Profile::read(&document), Err(Error::Unclean));
}

#[test]
fn debug_output_shows_no_words() {
    let story = story("secret");
    let (_, document) = open(
        ANA,
        &[write(LAPTOP, ANA, false, &story.create(LAPTOP).unwrap())],
    )
    .unwrap();
    let shown = format!("{story:?} {document:?} {:?}", settings("secret"));
    assert!(!shown.contains("secret") && !shown.contains("grief"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bodies_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(body) = Body::decode(&bytes) {
            prop_assert_eq!(body.encode(), bytes);
            let _ = Content::read(ANA, &[write(LAPTOP, ANA, true, &body)]);
        }
    }

    #[test]
    fn mutated_bodies_never_panic(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let first = story("Some words.").create(LAPTOP).unwrap();
        let mut bytes = first.encode();
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok(body) = Body::decode(&bytes) {
            let both = [write(LAPTOP, ANA, true, &first), write(PHONE, ANA, true, &body)];
            let _ = Content::read(ANA, &both[1..]);
            let _ = Content::read(ANA, &both);
        }
    }

    #[test]
    fn clean_words_stay_as_they_are(words in "\\PC{0,40}") {
        if let Ok(clean) = clean_text::<256>(&words) {
            prop_assert_eq!(clean_text::<256>(&clean), Ok(clean));
        }
        if let Ok(clean) = clean_name::<256>(&words) {
            prop_assert_eq!(clean_name::<256>(&clean), Ok(clean));
        }
    }
}
