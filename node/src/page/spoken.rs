//! Which language the page speaks: the one that was chosen on it, else the first that the browser asks for.
//!
//! What was chosen stands in a file of the home that is not sealed, so that a locked page speaks it too.

use super::language::{self, Language};
use super::show::{Base, not_shown, on_to};
use crate::home::{Home, atomic_replace};
use crate::keystore;
use crate::problem::Problem;
use axum::extract::{Form, FromRequest as _, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

/// A language, and the screen to go on with.
#[derive(Deserialize)]
struct Fields {
    language: String,
    to: String,
}

/// Returns the language to answer this browser in.
pub(super) fn of(home: &Home, headers: &HeaderMap) -> &'static Language {
    let chosen = std::fs::read_to_string(home.language()).ok();
    let chosen = chosen.and_then(|code| language::of_code(&code));
    chosen
        .or_else(|| asked(headers))
        .unwrap_or_else(language::first)
}

/// Returns the first language that the browser asks for and the page speaks. Browsers say them in order.
fn asked(headers: &HeaderMap) -> Option<&'static Language> {
    let asked = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut codes = asked.split(',').filter_map(|one| one.split(';').next());
    codes.find_map(language::of_code)
}

/// Keeps the language that was chosen.
pub(super) async fn choose(home: &Home, base: &Base, request: Request) -> Response {
    let Ok(Form(fields)) = Form::<Fields>::from_request(request, &()).await else {
        return on_to(&base.to(""));
    };
    if let Some(language) = language::of_code(&fields.language) {
        let kept = atomic_replace(&home.language(), language.code.as_bytes());
        if let Err(error) = kept {
            let problem = Problem::from(keystore::Error::from(error));
            return not_shown(base, StatusCode::INSUFFICIENT_STORAGE, &problem);
        }
    }
    on_to(&base.to(&fields.to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_answered_in_the_first_language_that_both_know() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        let spoken = |asked: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_LANGUAGE, asked.parse().unwrap());
            of(&home, &headers).code
        };
        assert_eq!(of(&home, &HeaderMap::new()).code, "en");
        for asked in [
            "",
            "*",
            "fr",
            "en-GB,de;q=0.8",
            "fr, en;q=0.5, de;q=0.1",
            ";,;",
        ] {
            assert_eq!(spoken(asked), "en", "{asked}");
        }
        for asked in ["de", "DE-at", "fr;q=0.9, de;q=0.8, en;q=0.7"] {
            assert_eq!(spoken(asked), "de", "{asked}");
        }
        std::fs::write(home.language(), "de").unwrap();
        assert_eq!(spoken("en"), "de", "what was chosen counts");
        for odd in ["", "fr", "\u{0}", "en de"] {
            std::fs::write(home.language(), odd).unwrap();
            assert_eq!(spoken("de"), "de", "{odd:?}");
        }
    }
}
