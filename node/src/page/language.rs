//! What the page says: every sentence stands in a Fluent file, under a name that says what it is for.
//!
//! A language is a folder of such files. What it does not say yet is said in English.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;
use unic_langid::LanguageIdentifier;

/// The files of English, by what they are about.
const ENGLISH: [&str; 9] = [
    include_str!("../../i18n/en/agreement.ftl"),
    include_str!("../../i18n/en/circle.ftl"),
    include_str!("../../i18n/en/computer.ftl"),
    include_str!("../../i18n/en/gestures.ftl"),
    include_str!("../../i18n/en/knocks.ftl"),
    include_str!("../../i18n/en/page.ftl"),
    include_str!("../../i18n/en/private.ftl"),
    include_str!("../../i18n/en/problems.ftl"),
    include_str!("../../i18n/en/stories.ftl"),
];

/// The files of German.
const GERMAN: [&str; 9] = [
    include_str!("../../i18n/de/agreement.ftl"),
    include_str!("../../i18n/de/circle.ftl"),
    include_str!("../../i18n/de/computer.ftl"),
    include_str!("../../i18n/de/gestures.ftl"),
    include_str!("../../i18n/de/knocks.ftl"),
    include_str!("../../i18n/de/page.ftl"),
    include_str!("../../i18n/de/private.ftl"),
    include_str!("../../i18n/de/problems.ftl"),
    include_str!("../../i18n/de/stories.ftl"),
];

/// The language that says everything.
static FIRST: LazyLock<Language> = LazyLock::new(|| Language::new("en", &ENGLISH));

/// The others, in the order in which they are offered.
static OTHERS: LazyLock<[Language; 1]> = LazyLock::new(|| [Language::new("de", &GERMAN)]);

/// A language.
pub(super) struct Language {
    /// Its name for programs, as in `lang="en"`.
    pub(super) code: &'static str,
    bundle: FluentBundle<FluentResource>,
}

/// What stands in place of a name in a sentence.
pub(super) type Named<'a> = (&'a str, FluentValue<'a>);

/// Returns the language that everything is said in unless another one is wanted.
pub(super) fn first() -> &'static Language {
    &FIRST
}

/// Returns all languages that can be chosen.
pub(super) fn all() -> impl Iterator<Item = &'static Language> {
    std::iter::once(&*FIRST).chain(OTHERS.iter())
}

/// Returns the language of this name for programs; of its first part, as in `de-AT`.
pub(super) fn of_code(code: &str) -> Option<&'static Language> {
    let code = code.trim().split('-').next()?;
    #[cfg(test)]
    if code == tests::PSEUDO.code {
        return Some(&tests::PSEUDO);
    }
    all().find(|language| language.code.eq_ignore_ascii_case(code))
}

impl Language {
    fn new(code: &'static str, files: &[&str]) -> Self {
        let language = code.parse::<LanguageIdentifier>().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        for file in files {
            // A file with a fault still says the rest; a test sees to it that none has.
            let (Ok(resource) | Err((resource, _))) = FluentResource::try_new((*file).to_owned());
            bundle.add_resource_overriding(resource);
        }
        Self { code, bundle }
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
        let own = self.own(key, named);
        own.or_else(|| FIRST.own(key, named))
    }

    /// Returns several names as one says them: "Ana, Bo and Cai".
    pub(super) fn list(&self, names: &[impl AsRef<str>]) -> String {
        let Some((last, before)) = names.split_last() else {
            return String::new();
        };
        let mut said = String::new();
        for name in before {
            said = if said.is_empty() {
                name.as_ref().to_owned()
            } else {
                self.joined("list-more", &said, name.as_ref())
            };
        }
        if said.is_empty() {
            return last.as_ref().to_owned();
        }
        self.joined("list-last", &said, last.as_ref())
    }

    fn joined(&self, key: &str, before: &str, name: &str) -> String {
        self.with(key, [("before", before.into()), ("name", name.into())])
    }

    /// Returns the sentence as this language says it, if it does.
    fn own(&self, key: &str, named: &FluentArgs<'_>) -> Option<String> {
        let (name, attribute) = key
            .split_once('.')
            .map_or((key, None), |(name, attribute)| (name, Some(attribute)));
        let message = self.bundle.get_message(name)?;
        let pattern = match attribute {
            Some(attribute) => message.get_attribute(attribute)?.value(),
            None => message.value()?,
        };
        let said = self
            .bundle
            .format_pattern(pattern, Some(named), &mut Vec::new());
        Some(said.into_owned())
    }
}

impl std::fmt::Debug for Language {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Language")
    }
}

#[cfg(test)]
pub(super) mod tests;
