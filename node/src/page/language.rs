//! What the page says: every sentence stands in a Fluent file, under a name that says what it is for.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// The files, by what they are about.
const ENGLISH: [&str; 5] = [
    include_str!("../../i18n/en/circle.ftl"),
    include_str!("../../i18n/en/gestures.ftl"),
    include_str!("../../i18n/en/page.ftl"),
    include_str!("../../i18n/en/problems.ftl"),
    include_str!("../../i18n/en/stories.ftl"),
];

/// The language that everything is said in.
static SPOKEN: LazyLock<Language> = LazyLock::new(|| Language::new(&ENGLISH));

/// A language.
pub(super) struct Language(FluentBundle<FluentResource>);

/// What stands in place of a name in a sentence.
pub(super) type Named<'a> = (&'a str, FluentValue<'a>);

/// Returns the language that the page speaks.
pub(super) fn spoken() -> &'static Language {
    &SPOKEN
}

impl Language {
    fn new(files: &[&str]) -> Self {
        let english = "en".parse::<LanguageIdentifier>().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![english]);
        for file in files {
            // A file with a fault still says the rest; a test sees to it that none has.
            let (Ok(resource) | Err((resource, _))) = FluentResource::try_new((*file).to_owned());
            bundle.add_resource_overriding(resource);
        }
        Self(bundle)
    }

    /// Returns the sentence of this name.
    pub(super) fn say(&self, key: &str) -> String {
        self.with(key, [])
    }

    /// Returns the sentence of this name, with names put in their places.
    pub(super) fn with<'a>(&self, key: &str, named: impl IntoIterator<Item = Named<'a>>) -> String {
        let named = named.into_iter().collect();
        self.find(key, &named).unwrap_or_else(|| key.to_owned())
    }

    /// Returns the sentence of this name, if there is one: `name` or `name.attribute`.
    pub(super) fn find(&self, key: &str, named: &FluentArgs<'_>) -> Option<String> {
        let (name, attribute) = key
            .split_once('.')
            .map_or((key, None), |(name, attribute)| (name, Some(attribute)));
        let message = self.0.get_message(name)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute)?.value(),
            None => message.value()?,
        };
        let said = self.0.format_pattern(pattern, Some(named), &mut Vec::new());
        Some(said.into_owned())
    }
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Language")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// What a member never reads.
    const COLD: &[&str] = &[
        "invalid", "failed", "illegal", "fatal", "abort", "kill", "user", "users", "oops", "just",
        "peer", "node", "sync", "error",
    ];

    /// Returns every template and source file of the page with its text.
    fn files() -> Vec<(String, String)> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders = ["templates", "src/page"].map(|folder| here.join(folder));
        let entries = folders
            .iter()
            .flat_map(|folder| std::fs::read_dir(folder).unwrap());
        entries
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file() && !path.ends_with("language.rs"))
            .map(|path| {
                let text = std::fs::read_to_string(&path).unwrap();
                (path.display().to_string(), text)
            })
            .collect()
    }

    /// Returns the names of all sentences.
    fn names() -> Vec<String> {
        let lines = ENGLISH.iter().flat_map(|file| file.lines());
        let name = |line: &str| {
            let (name, _) = line.split_once(" =")?;
            let letters = |c: char| c.is_ascii_alphanumeric() || c == '-';
            name.chars().all(letters).then(|| name.to_owned())
        };
        lines.filter_map(name).collect()
    }

    #[test]
    fn every_file_is_in_order_and_every_name_is_there_once() {
        for file in ENGLISH {
            let parsed = FluentResource::try_new(file.to_owned());
            assert!(parsed.is_ok(), "{:?}", parsed.unwrap_err().1);
        }
        let mut names = names();
        let all = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), all, "a name stands twice");
    }

    #[test]
    fn what_the_page_says_is_in_the_files_and_nothing_else_is() {
        let files = files();
        let mut said = Vec::new();
        for (path, text) in &files {
            for call in [".say(\"", ".with(\"", "Told(\""] {
                for rest in text.split(call).skip(1) {
                    let key = rest.split('"').next().unwrap();
                    let found = spoken().find(key, &FluentArgs::new());
                    assert!(found.is_some(), "{path}: {key}");
                    said.push(key.split('.').next().unwrap().to_owned());
                }
            }
        }
        let text: String = files.into_iter().map(|(_, text)| text).collect();
        let computed = [
            "problem-", "month-", "ask-", "told-", "role-", "state-", "ended-",
        ];
        for name in names() {
            let by_part = computed.iter().any(|start| name.starts_with(start));
            let whole = said.contains(&name) || text.contains(&format!("\"{name}\""));
            assert!(by_part || whole, "nothing says {name}");
        }
    }

    #[test]
    fn the_voice_is_warm_and_plain() {
        for file in ENGLISH {
            for line in file.lines() {
                let Some((name, said)) = line.split_once('=') else {
                    continue;
                };
                let lower = said.to_lowercase();
                for word in lower.split(|c: char| !c.is_alphanumeric()) {
                    assert!(!COLD.contains(&word), "{name}: {word}");
                }
                assert!(!said.contains(['!', '`']), "{name}: {said}");
            }
        }
    }

    #[test]
    fn templates_hold_no_words_of_their_own() {
        for (path, text) in files() {
            if Path::new(&path)
                .extension()
                .is_none_or(|kind| kind != "html")
            {
                continue;
            }
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
}
