//! What holds of every language, and a language that is in no file.

use super::*;
use std::collections::BTreeSet;
use std::path::Path;

/// Sentences that German does not say yet, and members who read it meet in English. Whoever gives the page a
/// new sentence says it in German too, or puts its name here.
const NOT_YET: &[&str] = &[];

/// What a member never reads, in each language. What ends in `-` is the beginning of words.
const COLD: [(&str, &[&str], &[&str]); 2] = [
    (
        "en",
        &ENGLISH,
        &[
            "invalid", "failed", "illegal", "fatal", "abort", "kill", "user", "users", "oops",
            "just", "peer", "node", "sync", "error",
        ],
    ),
    (
        "de",
        &GERMAN,
        &[
            "ungültig-",
            "fehler-",
            "fehlgeschlagen-",
            "illegal-",
            "unzulässig-",
            "verboten-",
            "fatal-",
            "abbruch-",
            "abgebrochen-",
            "nutzer-",
            "benutzer-",
            "anwender-",
            "hoppla",
            "ups",
            "einfach",
            "leider",
            "knoten-",
            "peer-",
            "synchron-",
        ],
    ),
];

/// English with every text in brackets, longer, and written from right to left. What a screen says outside of
/// brackets is in no file.
pub(in crate::page) static PSEUDO: LazyLock<Language> = LazyLock::new(|| {
    let mut pseudo = Language::new("qps", &ENGLISH);
    let turned = "language-direction = rtl".to_owned();
    let turned = FluentResource::try_new(turned).unwrap();
    pseudo.bundle.add_resource_overriding(turned);
    pseudo.bundle.set_transform(Some(|text| {
        if text == "rtl" {
            return text.into();
        }
        let longer = text
            .replace('a', "áá")
            .replace('e', "ëë")
            .replace('o', "øø");
        format!("⟦{longer}⟧").into()
    }));
    pseudo
});

/// Returns every template and source file of the page with its text.
fn files() -> Vec<(String, String)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["templates", "src/page"].map(|folder| here.join(folder));
    let entries = folders
        .iter()
        .flat_map(|folder| std::fs::read_dir(folder).unwrap());
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            (path.display().to_string(), text)
        })
        .collect()
}

/// Returns the names of all sentences in these files; of attributes with what they belong to.
fn names(files: &[&str]) -> Vec<String> {
    let mut names = Vec::new();
    let mut message = String::new();
    for line in files.iter().flat_map(|file| file.lines()) {
        let Some((name, _)) = line.split_once(" =") else {
            continue;
        };
        let letters = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if let Some(attribute) = name.trim_start().strip_prefix('.') {
            names.push(format!("{message}.{attribute}"));
        } else if name.chars().all(letters) {
            name.clone_into(&mut message);
            names.push(message.clone());
        }
    }
    names
}

#[test]
fn every_file_is_in_order_and_every_name_is_there_once() {
    for (code, files, _) in COLD {
        for file in files {
            let parsed = FluentResource::try_new((*file).to_owned());
            assert!(parsed.is_ok(), "{code}: {:?}", parsed.unwrap_err().1);
        }
        let mut names = names(files);
        names.sort();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None, "{code}: a name stands twice");
    }
}

#[test]
fn every_language_says_everything_with_the_same_names_in_it() {
    let english = names(&ENGLISH);
    for (code, files, _) in &COLD[1..] {
        let theirs = names(files);
        let missing: Vec<_> = english
            .iter()
            .filter(|name| !theirs.contains(name))
            .collect();
        assert_eq!(missing, NOT_YET, "{code} does not say these yet");
        let beyond: Vec<_> = theirs
            .iter()
            .filter(|name| !english.contains(name))
            .collect();
        assert!(beyond.is_empty(), "nobody says these any more: {beyond:?}");
        let language = of_code(code).unwrap();
        for name in &theirs {
            let [ours, theirs] = [first(), language].map(|language| places(language, name));
            assert_eq!(theirs, ours, "{code}: the places in {name}");
        }
    }
}

/// Returns what a sentence has places for, other than what it only chooses by.
fn places(language: &Language, name: &str) -> Vec<String> {
    let rests = ENGLISH.iter().flat_map(|file| file.split('$').skip(1));
    let all: BTreeSet<&str> = rests
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next().unwrap())
        .collect();
    let named = |place: &&'static str| (*place, FluentValue::from(format!("<{place}>")));
    let said = language
        .own(name, &all.iter().map(named).collect())
        .unwrap();
    let found = all.iter().map(|place| format!("<{place}>"));
    found.filter(|place| said.contains(place)).collect()
}

#[test]
fn every_language_says_its_name_and_its_direction() {
    for (code, ..) in COLD {
        let language = of_code(code).unwrap();
        let none = FluentArgs::new();
        assert!(language.own("language-name", &none).is_some(), "{code}");
        let direction = language.own("language-direction", &none).unwrap();
        assert!(["ltr", "rtl"].contains(&direction.as_str()), "{direction}");
        assert_eq!(language.bundle.locales[0].to_string(), code);
    }
    assert_eq!(all().count(), COLD.len());
}

#[test]
fn names_are_listed_and_numbers_counted_as_each_language_does() {
    let plain = |text: String| text.replace(['\u{2068}', '\u{2069}'], "");
    let list = |code, names: &[&str]| plain(of_code(code).unwrap().list(names));
    assert_eq!(list("en", &[]), "");
    assert_eq!(list("en", &["Ana"]), "Ana");
    assert_eq!(list("en", &["Ana", "Bo"]), "Ana and Bo");
    assert_eq!(
        list("en", &["Ana", "Bo", "Cai", "Dee"]),
        "Ana, Bo, Cai and Dee"
    );
    assert_eq!(list("de-AT", &["Ana", "Bo", "Cai"]), "Ana, Bo und Cai");
    let days = |days: u16| {
        let german = of_code("de").unwrap();
        plain(german.with("share-fade-settled", [("days", days.into())]))
    };
    assert!(days(1).ends_with("nach einem Tag"), "{}", days(1));
    assert!(days(3).ends_with("nach 3 Tagen"), "{}", days(3));
    assert!(of_code("fr").is_none());
}

#[test]
fn what_the_page_says_is_in_the_files_and_nothing_else_is() {
    let files = files();
    let files: Vec<_> = files
        .into_iter()
        .filter(|(path, _)| !path.ends_with("language.rs"))
        .collect();
    let mut said = vec!["list-more".to_owned(), "list-last".to_owned()];
    for (path, text) in &files {
        for call in [".say(\"", ".with(\"", "Told(\""] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                let found = first().find(key, &FluentArgs::new());
                assert!(found.is_some(), "{path}: {key}");
                said.push(key.split('.').next().unwrap().to_owned());
            }
        }
    }
    let text: String = files.into_iter().map(|(_, text)| text).collect();
    let computed = [
        "problem-", "month-", "ask-", "told-", "role-", "state-", "ended-", "doctor-",
    ];
    for name in names(&ENGLISH) {
        let name = name.split('.').next().unwrap().to_owned();
        let by_part = computed.iter().any(|start| name.starts_with(start));
        let whole = said.contains(&name) || text.contains(&format!("\"{name}\""));
        assert!(by_part || whole, "nothing says {name}");
    }
}

#[test]
fn the_voice_is_warm_and_plain() {
    for (code, files, cold) in COLD {
        for line in files.iter().flat_map(|file| file.lines()) {
            let Some((name, said)) = line.split_once('=') else {
                continue;
            };
            let lower = said.to_lowercase();
            for word in lower.split(|c: char| !c.is_alphanumeric()) {
                let is_cold = |cold: &&&str| match cold.strip_suffix('-') {
                    Some(start) => word.starts_with(start),
                    None => word == **cold,
                };
                let found = cold.iter().find(is_cold);
                assert_eq!(found, None, "{code}, {name}: {word}");
            }
            assert!(!said.contains(['!', '`']), "{code}, {name}: {said}");
        }
    }
}

/// Returns every template with its text.
fn templates() -> Vec<(String, String)> {
    let mut files = files();
    files.retain(|(path, _)| {
        Path::new(path)
            .extension()
            .is_some_and(|kind| kind == "html")
    });
    files
}

#[test]
fn templates_hold_no_words_of_their_own() {
    for (path, text) in templates() {
        let mut rest = text.as_str();
        let mut outside = String::new();
        while let Some(at) = rest.find(['<', '{']) {
            outside += &rest[..at];
            let end = match &rest[at..=at + 1] {
                "{{" => "}}",
                "{%" => "%}",
                "{#" => "#}",
                _ => ">",
            };
            let from = at + rest[at..].find(end).unwrap() + end.len();
            rest = &rest[from..];
        }
        outside += rest;
        assert!(
            !outside.contains(char::is_alphabetic),
            "{path}: {}",
            outside.trim()
        );
    }
}

/// What is greyed out, or written in a field before anything is, is too faint to read for many.
#[test]
fn nothing_is_greyed_out_and_no_hint_goes_away() {
    for (path, text) in templates() {
        for word in [" disabled", "placeholder=", "tabindex=\"1", "style=\""] {
            assert!(!text.contains(word), "{path}: {word}");
        }
    }
}
