//! What every screen is shown with: where links lead, what stands around it, and what a screen says that
//! could not be.

use super::language::{self, Language, Named};
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use fluent_bundle::FluentArgs;
use serde::de::DeserializeOwned;
use std::fmt;
use std::sync::Arc;

/// The path below which the page is, with a slash at both ends, and what a request there is answered with.
#[derive(Clone, Debug)]
pub(super) struct Base {
    path: Arc<str>,
    language: &'static Language,
    /// The screen that is asked for; nothing = it cannot be asked for again.
    screen: Arc<str>,
}

/// What stands around a screen, and how it speaks.
#[derive(Debug)]
pub(super) struct Frame {
    /// Where links lead.
    pub(super) base: Base,
    /// The name of the sentence that is the title.
    pub(super) title: &'static str,
    /// The circle that it shows, if it shows one.
    pub(super) circle: Option<Circle>,
    /// Whether the home is open, so that it can be left quickly.
    pub(super) open: bool,
    language: &'static Language,
}

/// The circle of a screen.
#[derive(Clone, Debug)]
pub(super) struct Circle {
    /// Its id, as links say it.
    pub(super) id: String,
    /// Its name.
    pub(super) name: String,
    /// Whether this person is in it, and not on their way in or out.
    pub(super) joined: bool,
    /// Whether there are others to go to.
    pub(super) others: bool,
}

/// What a screen comes to.
pub(super) type Shown = Result<Response, Fault>;

/// Why a screen could not be shown.
#[derive(Clone, Debug)]
pub(super) struct Fault(pub(super) Problem);

/// The fields of a form.
pub(super) struct Filled<T>(pub(super) T);

/// A problem in words of the page.
#[derive(Debug)]
pub(super) struct Trouble {
    /// What happened, and what is safe.
    pub(super) message: String,
    /// What to do next.
    pub(super) next: String,
}

#[derive(Template)]
#[template(path = "closed.html")]
struct Closed {
    frame: Frame,
    twice: bool,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct NotShown {
    frame: Frame,
    trouble: Trouble,
}

impl Base {
    /// Returns the base of a page at this path.
    pub(super) fn new(path: &str) -> Self {
        Self {
            path: format!("/{path}/").into(),
            language: language::first(),
            screen: "".into(),
        }
    }

    /// Returns the same for an answer in this language.
    pub(super) fn speaking(mut self, language: &'static Language) -> Self {
        self.language = language;
        self
    }

    /// Returns the same for an answer that is this screen.
    pub(super) fn at(mut self, screen: &str) -> Self {
        self.screen = screen.into();
        self
    }

    /// Returns the path of a screen.
    pub(super) fn to(&self, screen: &str) -> String {
        format!("{}{screen}", self.path)
    }

    /// Returns what follows the base in a path.
    pub(super) fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        path.strip_prefix(&*self.path)
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

impl Frame {
    /// Returns the frame of a screen.
    pub(super) fn new(base: &Base, title: &'static str) -> Self {
        Self {
            base: base.clone(),
            title,
            circle: None,
            open: true,
            language: base.language,
        }
    }

    /// Returns the language, as `lang` says it.
    pub(super) fn lang(&self) -> &'static str {
        self.language.code
    }

    /// Returns the languages that could be chosen instead.
    pub(super) fn others(&self) -> impl Iterator<Item = &'static Language> {
        language::all().filter(|language| language.code != self.language.code)
    }

    /// Returns the screen to come back to.
    pub(super) fn screen(&self) -> &str {
        &self.base.screen
    }

    /// Returns several names as one says them: "Ana, Bo and Cai".
    pub(super) fn list(&self, names: &[impl AsRef<str>]) -> String {
        self.language.list(names)
    }

    /// Returns the same around a circle.
    pub(super) fn around(mut self, circle: Circle) -> Self {
        self.circle = Some(circle);
        self
    }

    /// Returns the sentence of this name.
    pub(super) fn say(&self, key: &str) -> String {
        self.language.say(key)
    }

    /// Returns the sentence of this name, with one name put in its place.
    pub(super) fn with(&self, key: &str, name: &str, value: impl fmt::Display) -> String {
        self.language.with(key, [(name, value.to_string().into())])
    }

    /// Returns the sentence of this name, with several names put in their places.
    pub(super) fn with_all<'a>(
        &self,
        key: &str,
        named: impl IntoIterator<Item = Named<'a>>,
    ) -> String {
        self.language.with(key, named)
    }

    /// Returns the path of a screen of the circle.
    pub(super) fn here(&self, screen: &str) -> String {
        let id = self.circle.as_ref().map_or("", |circle| &circle.id);
        self.base.to(&format!("c/{id}/{screen}"))
    }

    /// Returns a problem in words of the page, or in its own where it names no command.
    pub(super) fn trouble(&self, problem: &Problem) -> Trouble {
        let mut named = FluentArgs::new();
        for (name, value) in &problem.named {
            // A number, so that it is said as one.
            match value.parse::<u32>() {
                Ok(number) => named.set(*name, number),
                Err(_) => named.set(*name, value.as_str()),
            }
        }
        let find = |key: &str| self.language.find(key, &named);
        let key = format!("problem-{}", problem.code);
        let own = |text: &str| (!text.contains('`')).then(|| text.to_owned());
        let message = find(&key).or_else(|| own(&problem.message));
        let next = find(&format!("{key}.next")).or_else(|| own(&problem.next));
        Trouble {
            message: message.unwrap_or_else(|| self.say("problem-other")),
            next: next.unwrap_or_else(|| self.say("problem-other.next")),
        }
    }
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Fault {
    /// Says the status only: [`in_words`] says the rest, where the frame is known.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.kind.status());
        let mut answer = status.unwrap_or(StatusCode::CONFLICT).into_response();
        answer.extensions_mut().insert(self);
        answer
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Filled<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, state: &S) -> Result<Self, Fault> {
        let Form(fields) = Form::from_request(request, state).await.map_err(|_| {
            Problem::new(
                "form",
                "Circlet could not read what came from this form. Nothing was changed.",
                "Go back, and try again with shorter text.",
            )
        })?;
        Ok(Self(fields))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Base {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let base = parts.extensions.get::<Self>().cloned();
        base.ok_or_else(|| Problem::bug().into())
    }
}

/// Shows why a screen could not be shown, in a frame.
pub(super) async fn in_words(base: Base, request: Request, next: Next) -> Response {
    let answer = next.run(request).await;
    match answer.extensions().get::<Fault>() {
        Some(Fault(problem)) => not_shown(&base, answer.status(), problem),
        None => answer,
    }
}

/// Returns what is shown in place of a screen.
pub(super) fn not_shown(base: &Base, status: StatusCode, problem: &Problem) -> Response {
    let frame = Frame::new(base, "problem-title");
    let trouble = frame.trouble(problem);
    page_as(status, &NotShown { frame, trouble })
}

/// Returns a screen.
pub(super) fn page(screen: &impl Template) -> Response {
    page_as(StatusCode::OK, screen)
}

/// Returns a screen with a status of its own.
pub(super) fn page_as(status: StatusCode, screen: &impl Template) -> Response {
    match screen.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Sends the browser on after a form was taken.
pub(super) fn on_to(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// Returns what a page says that is closed: nothing more, whoever asks.
pub(super) fn closed(base: &Base) -> Response {
    shut(base, false)
}

/// Returns what is said when a link is followed again.
pub(super) fn used_twice(base: &Base) -> Response {
    shut(base, true)
}

fn shut(base: &Base, twice: bool) -> Response {
    let mut frame = Frame::new(base, "closed-title");
    frame.open = false;
    let mut answer = page_as(StatusCode::UNAUTHORIZED, &Closed { frame, twice });
    // A browser would otherwise ask for a name and a password of its own.
    let scheme = HeaderValue::from_static("Circlet");
    answer
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, scheme);
    answer
}
