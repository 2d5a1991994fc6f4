//! What changes while a screen is shown: told to its script, which moves nothing by itself.
//!
//! A screen says which of its stories or responses stood at its newest end. Whatever comes after that from
//! somebody else is told in one sentence; whatever stood there and is taken back goes from the screen. The
//! screen of the agreement says which words and answers stood on it.

use super::agreement;
use super::circle;
use super::feed::ON_A_SCREEN;
use super::show::{Base, Frame, Shown};
use super::state;
use crate::api::Api;
use crate::handle;
use crate::problem::Problem;
use axum::extract::{Path, Query, State};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use circlet_model::id::ThingId;
use futures::stream::unfold;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// The pause after something was told, so that a long catching up is told a few times a second.
const PAUSE: Duration = Duration::from_millis(250);

/// What a screen showed when it was loaded.
#[derive(Default, Deserialize)]
pub(super) struct Seen {
    /// The newest thing on it; nothing = there was none.
    last: Option<String>,
    /// The newest gesture on it, likewise.
    gesture: Option<String>,
}

/// What is told.
#[derive(Clone, PartialEq, Eq, Serialize)]
struct News {
    /// The state of the circle.
    state: String,
    /// What there is to look at, in words.
    new: Option<String>,
    /// Where that stands, once the screen is loaded again.
    at: Option<String>,
    /// The ids of what is not here any more.
    gone: Vec<String>,
    /// What stands in its place.
    gap: String,
}

/// A screen that is told what changes.
struct Screen {
    frame: Frame,
    /// The circle, as links say it.
    circle: String,
    /// The story that it shows; nothing = the newest ones.
    story: Option<ThingId>,
    last: Option<ThingId>,
    gesture: Option<ThingId>,
    /// What stands on it, or below it; nothing = not looked at yet.
    known: Option<BTreeSet<ThingId>>,
    /// What it showed of the agreement, where it is the agreement's.
    agreement: Option<agreement::Seen>,
}

/// Something that could stand on a screen: its id, whose it is, whether that is whoever looks.
type Line = (ThingId, String, bool);

/// What could stand on a screen, the newest first: stories or responses, and gestures.
#[derive(Default)]
struct Lines {
    words: Vec<Line>,
    gestures: Vec<Line>,
}

pub(super) async fn feed(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Query(seen): Query<Seen>,
) -> Shown {
    Ok(tell(api, screen(&base, circle, None, &seen)?))
}

pub(super) async fn story(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
    Query(seen): Query<Seen>,
) -> Shown {
    let screen = screen(&base, circle, Some(thing(&id)?), &seen)?;
    Ok(tell(api, screen))
}

pub(super) async fn agreement(
    State(api): State<Api>,
    base: Base,
    Path(circle): Path<String>,
    Query(seen): Query<agreement::Seen>,
) -> Shown {
    let screen = Screen {
        agreement: Some(seen),
        ..screen(&base, circle, None, &Seen::default())?
    };
    Ok(tell(api, screen))
}

fn screen(
    base: &Base,
    circle: String,
    story: Option<ThingId>,
    seen: &Seen,
) -> Result<Screen, Problem> {
    let last = seen.last.as_deref().map(thing).transpose()?;
    let gesture = seen.gesture.as_deref().map(thing).transpose()?;
    Ok(Screen {
        frame: Frame::new(base, "feed-title"),
        circle,
        story,
        last,
        gesture,
        known: None,
        agreement: None,
    })
}

fn tell(api: Api, screen: Screen) -> Response {
    let moved = api.handle.moved();
    let news = unfold((api, moved, screen, None), next);
    let news = Sse::new(news).keep_alive(KeepAlive::default());
    news.into_response()
}

fn thing(hex: &str) -> Result<ThingId, Problem> {
    ThingId::from_hex(hex).ok_or_else(|| Problem::not_found("story"))
}

type Telling = (Api, watch::Receiver<()>, Screen, Option<(News, Instant)>);

/// Waits for the next thing to tell. It ends with the driver: when the home is locked.
async fn next(
    (api, mut moved, mut screen, told): Telling,
) -> Option<(Result<Event, Infallible>, Telling)> {
    loop {
        if let Some((_, at)) = &told {
            sleep_until(*at + PAUSE).await;
        }
        let (back, news) = look(&api, screen).await?;
        screen = back;
        if told.as_ref().is_none_or(|(told, _)| *told != news) {
            let event = Event::default().json_data(&news).ok()?;
            let told = Some((news, Instant::now()));
            return Some((Ok(event), (api, moved, screen, told)));
        }
        moved.changed().await.ok()?;
    }
}

async fn look(api: &Api, mut screen: Screen) -> Option<(Screen, News)> {
    let looked = api.handle.look(move |shown| {
        let news = screen.news(shown)?;
        Ok((screen, news))
    });
    looked.await.ok()
}

impl Screen {
    fn news(&mut self, shown: &handle::Shown<'_>) -> Result<News, Problem> {
        let (line, _) = circle::find(shown, &self.circle)?;
        if let Some(seen) = &self.agreement {
            let news = line.replica.map(|replica| seen.news(replica, shown.now));
            let new = news.ok().transpose()?.flatten();
            return Ok(News {
                state: state::sentence(&self.frame, &line, shown.now),
                new: new.map(|key| self.frame.say(key)),
                at: None,
                gone: Vec::new(),
                gap: String::new(),
            });
        }
        let lines = self.lines(shown)?;
        let known = self.known.get_or_insert_with(|| {
            let words = known(&lines.words, self.last);
            words.chain(known(&lines.gestures, self.gesture)).collect()
        });
        let fresh = |(id, _, mine): &&Line| !mine && !known.contains(id);
        let new = lines.words.iter().find(fresh);
        let said = lines.gestures.iter().find(fresh);
        let here = lines.words.iter().chain(&lines.gestures);
        let here: BTreeSet<ThingId> = here.map(|(id, ..)| *id).collect();
        let mut gone = Vec::new();
        if let Ok(replica) = line.replica {
            for id in known.difference(&here) {
                // A story may also have moved on to the next screen.
                let missing = self.story.is_some() || replica.story(*id, shown.now)?.is_none();
                // What this member muted meanwhile is here, and was not taken back.
                if missing && !replica.hides(id)? {
                    gone.push(id.to_hex());
                }
            }
        }
        let (key, kind) = match self.story {
            None => ("live-story", 's'),
            Some(_) => ("live-response", 'r'),
        };
        Ok(News {
            state: state::sentence(&self.frame, &line, shown.now),
            new: new
                .map(|(_, name, _)| self.frame.with(key, "name", name))
                .or_else(|| said.map(|(_, name, _)| self.frame.with("live-gesture", "name", name))),
            at: new
                .map(|(id, ..)| format!("{kind}-{}", id.to_hex()))
                .or_else(|| said.map(|_| "gestures".to_owned())),
            gone,
            gap: self.frame.say("live-gone"),
        })
    }

    /// Returns what could stand on the screen, the newest first.
    fn lines(&self, shown: &handle::Shown<'_>) -> Result<Lines, Problem> {
        let (line, _) = circle::find(shown, &self.circle)?;
        let Ok(replica) = line.replica else {
            return Ok(Lines::default());
        };
        let Some(id) = self.story else {
            let (stories, _) = replica.feed_after(None, ON_A_SCREEN, shown.now)?;
            let stories = stories.into_iter();
            let words = stories.map(|story| (story.thing, story.author_name, story.mine));
            return Ok(Lines {
                words: words.collect(),
                gestures: Vec::new(),
            });
        };
        let Some(story) = replica.story(id, shown.now)? else {
            return Ok(Lines::default());
        };
        let gestures = story.gestures.into_iter().rev();
        let gestures = gestures.map(|line| (line.thing, line.name, false));
        let responses = story.responses.into_iter().rev();
        let responses = responses.map(|line| (line.thing, line.author_name, line.mine));
        let itself = (story.thing, story.author_name, true);
        Ok(Lines {
            words: responses.chain([itself]).collect(),
            gestures: gestures.collect(),
        })
    }
}

/// Returns what a screen knows whose newest thing this was.
fn known(lines: &[Line], last: Option<ThingId>) -> impl Iterator<Item = ThingId> {
    let from = match last {
        // It may be gone already.
        Some(last) => lines.iter().position(|(id, ..)| *id == last).unwrap_or(0),
        None => lines.len(),
    };
    let known = lines.iter().skip(from).map(|(id, ..)| *id);
    known.chain(last)
}
