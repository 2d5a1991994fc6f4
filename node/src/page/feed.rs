//! The feed: the stories of a circle, the newest first, a few to a screen.

use super::dates::{self, When};
use super::show::{self, Base, Frame, page};
use super::{agreement, circle, state};
use crate::api::reading::Look;
use crate::api::{Api, backups};
use crate::handle::Shown;
use crate::identity::Hint;
use crate::problem::Problem;
use askama::Template;
use axum::extract::{Path, Query, State};
use circlet_model::content::story::Ask;
use circlet_model::id::ThingId;
use circlet_model::replica::Replica;
use circlet_model::replica::overview::{Standing, StoryLine, TakenBack};
use circlet_model::time::Timestamp;
use serde::Deserialize;

/// How many stories stand on one screen.
pub(super) const ON_A_SCREEN: usize = 15;

/// The most letters of a story that stand in the feed: the rest is one step away.
const LETTERS: usize = 1200;

#[derive(Template)]
#[template(path = "feed.html")]
struct Feed {
    frame: Frame,
    state: String,
    /// The four words that whoever knocks compares with the member who says welcome.
    words: Option<String>,
    told: Option<&'static str>,
    /// The names of the people who wait for a welcome.
    waiting: Vec<String>,
    /// Whether this member has a draft in this circle.
    drafts: bool,
    /// Who is here, to somebody who came in a moment ago.
    welcome: Option<String>,
    /// That the agreement waits for a yes.
    asked: Option<&'static str>,
    items: Vec<Item>,
    newest: bool,
    earlier: Option<String>,
}

/// What stands in the feed.
enum Item {
    Story(Story),
    Gap {
        mine: bool,
        name: String,
    },
    /// What stands below came since this member was last here.
    Since,
    /// What stands below was there when this member was last here.
    Earlier,
}

/// A story in the feed.
struct Story {
    id: String,
    author: String,
    mine: bool,
    ask: Ask,
    note: Option<String>,
    text: String,
    whole: bool,
    edited: bool,
    when: When,
    /// The story below it.
    next: Option<String>,
}

/// What stands behind the question mark.
#[derive(Deserialize)]
pub(super) struct From {
    /// The story above the first one.
    after: Option<String>,
    /// What was just done.
    told: Option<String>,
}

/// What can be told at the top, by its name in the address.
const TOLD: [(&str, &str); 2] = [("shared", "told-shared"), ("begun", "told-begun")];

pub(super) async fn show(
    State(api): State<Api>,
    base: Base,
    Path(id): Path<String>,
    Query(from): Query<From>,
) -> show::Shown {
    let frame = Frame::new(&base, "feed-title");
    let told = from.told.as_deref();
    let told = TOLD.iter().find(|(name, _)| Some(*name) == told);
    let told = told.map(|(_, key)| *key);
    let after = match from.after.as_deref() {
        Some(hex) => Some(ThingId::from_hex(hex).ok_or_else(|| Problem::not_found("story"))?),
        None => None,
    };
    let feed = api.handle.look(move |shown| {
        let (line, circle) = circle::find(shown, &id)?;
        let frame = frame.around(circle);
        let state = state::sentence(&frame, &line, shown.now);
        let mut feed = Feed {
            frame,
            state,
            words: None,
            told,
            waiting: Vec::new(),
            drafts: false,
            welcome: None,
            asked: None,
            items: Vec::new(),
            newest: after.is_none(),
            earlier: None,
        };
        let member = line.standing() == Some(Standing::Member);
        let look = match line.replica {
            Ok(replica) => {
                if feed.newest && member && !backups::is_veiled(replica) {
                    feed.welcome = welcome(&feed.frame, replica, shown.now);
                    feed.asked = agreement::asked(replica, shown.now)?;
                }
                feed.look(shown, (line.hint, replica), after)?
            }
            Err(_) => None,
        };
        Ok((feed, look))
    });
    let (feed, look) = feed.await?;
    if let Some(look) = look {
        look.note(&api.handle).await;
    }
    Ok(page(&feed))
}

/// Says who is here to somebody who came by an invite yesterday or today.
fn welcome(frame: &Frame, replica: &Replica, now: Timestamp) -> Option<String> {
    let members = replica.overview().members;
    let me = members.iter().find(|member| member.me)?;
    let fresh = me.words.is_some() && me.since.plus(1) >= now.day();
    let others = members.iter().filter(|member| !member.me);
    let others: Vec<String> = others.map(|member| member.name.clone()).collect();
    if !fresh || others.is_empty() {
        return None;
    }
    Some(frame.with("welcome-who", "names", frame.list(&others)))
}

impl Feed {
    /// Looks at a circle's stories below one; returns how far this member has come.
    fn look(
        &mut self,
        shown: &Shown<'_>,
        (circle, replica): (Hint, &Replica),
        after: Option<ThingId>,
    ) -> Result<Option<Look>, Problem> {
        let drafts = shown.local.drafts()?;
        self.drafts = drafts.iter().any(|draft| draft.circle == circle);
        self.words = replica.own_words();
        if backups::is_veiled(replica) {
            return Ok(None);
        }
        let waiting = replica.waiting(shown.now).into_iter();
        self.waiting = waiting.map(|knock| knock.name).collect();
        let (stories, gaps) = replica.feed_after(after, ON_A_SCREEN + 1, shown.now)?;
        let newest = stories.get(..ON_A_SCREEN).unwrap_or(&stories);
        // Further down it is not known what stood above, and nobody was at the newest end.
        let look = if self.newest {
            Look::at(shown, circle, newest)?
        } else {
            Look::back(shown, circle)?
        };
        let since = look.since(newest);
        let since = since.filter(|since| self.newest || *since < newest.len());
        self.fill(stories, gaps, since, shown.now);
        Ok(Some(look))
    }

    /// Returns the newest story on the screen.
    fn last(&self) -> Option<&str> {
        self.items.iter().find_map(|item| match item {
            Item::Story(story) => Some(story.id.as_str()),
            Item::Gap { .. } | Item::Since | Item::Earlier => None,
        })
    }

    /// Puts stories in, and the quiet lines between them.
    fn fill(
        &mut self,
        mut stories: Vec<StoryLine>,
        gaps: Vec<TakenBack>,
        since: Option<usize>,
        now: Timestamp,
    ) {
        if stories.len() > ON_A_SCREEN {
            stories.truncate(ON_A_SCREEN);
            let last = stories.last().map(|story| story.thing.to_hex());
            self.earlier = last.map(|last| self.frame.here(&format!("?after={last}")));
        }
        let mut gaps = gaps.into_iter().peekable();
        let ids: Vec<String> = stories.iter().map(|story| story.thing.to_hex()).collect();
        for (index, story) in stories.into_iter().enumerate() {
            while let Some(gap) = gaps.next_if(|gap| gap.after <= index) {
                self.items.push(quiet(gap));
            }
            if since == Some(index) {
                self.items.push(Item::Earlier);
            } else if since.is_some() && index == 0 && self.newest {
                self.items.push(Item::Since);
            }
            let next = ids.get(index + 1).cloned();
            let story = story_of(&self.frame, story, next, now);
            self.items.push(Item::Story(story));
        }
        // What stands below the last story stands at the top of the next screen.
        if self.earlier.is_none() {
            self.items.extend(gaps.map(quiet));
        }
    }
}

impl Story {
    /// Returns the name of the sentence that says what would help.
    fn asks(&self) -> &'static str {
        asks(self.ask)
    }
}

/// Returns the name of the sentence that says what would help whoever shared a story.
pub(super) fn asks(ask: Ask) -> &'static str {
    match ask {
        Ask::Listen => "ask-listen",
        Ask::Experience => "ask-experience",
        Ask::Ideas => "ask-ideas",
        Ask::AskFirst => "ask-ask-first",
    }
}

fn quiet(gap: TakenBack) -> Item {
    Item::Gap {
        mine: gap.me,
        name: gap.name,
    }
}

fn story_of(frame: &Frame, story: StoryLine, next: Option<String>, now: Timestamp) -> Story {
    let (text, whole) = beginning(&story.text);
    Story {
        id: story.thing.to_hex(),
        mine: story.mine,
        ask: story.ask,
        note: story.note,
        text,
        whole,
        edited: story.edited,
        when: dates::of(frame, story.written, now),
        author: story.author_name,
        next,
    }
}

/// Returns the beginning of a long text, up to a gap between words, and whether that is all of it.
fn beginning(text: &str) -> (String, bool) {
    let Some((end, _)) = text.char_indices().nth(LETTERS) else {
        return (text.to_owned(), true);
    };
    let start = text.get(..end).unwrap_or_default();
    let words = start
        .rsplit_once(char::is_whitespace)
        .map_or(start, |(words, _)| words);
    (format!("{}…", words.trim_end()), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(number: u8) -> StoryLine {
        StoryLine {
            thing: ThingId([number; 16]),
            author: circlet_model::id::PersonId([2; 32]),
            author_name: "Bo".to_owned(),
            mine: false,
            text: format!("Story {number}."),
            ask: Ask::Listen,
            note: None,
            written: Timestamp(1),
            edited: false,
            fades: None,
            responses: Vec::new(),
            gestures: Vec::new(),
            given: Vec::new(),
        }
    }

    #[test]
    fn what_came_since_stands_above_what_is_earlier() {
        let screen = |since, newest| {
            let mut feed = Feed {
                frame: Frame::new(&Base::new("x"), "feed-title"),
                state: String::new(),
                words: None,
                told: None,
                waiting: Vec::new(),
                drafts: false,
                welcome: None,
                asked: None,
                items: Vec::new(),
                newest,
                earlier: None,
            };
            let stories = [3, 2, 1].map(told).to_vec();
            feed.fill(stories, Vec::new(), since, Timestamp(2));
            let html = feed.render().unwrap();
            let parts = [
                "Since you were last here",
                ">Earlier<",
                "Story 3.",
                "Story 2.",
            ];
            parts.map(|part| html.find(part))
        };
        let [since, earlier, third, second] = screen(Some(1), true);
        assert!(since < third && third < earlier && earlier < second);
        assert!(since.is_some() && second.is_some());
        assert_eq!(screen(None, true)[..2], [None, None]);
        let [since, earlier, ..] = screen(Some(3), true);
        assert!(since.is_some() && earlier.is_none());
        let [since, earlier, ..] = screen(Some(1), false);
        assert!(since.is_none() && earlier.is_some());
    }

    #[test]
    fn a_long_story_is_cut_between_words_and_a_short_one_is_whole() {
        assert_eq!(beginning("A word."), ("A word.".to_owned(), true));
        let long = "Tea é ".repeat(LETTERS);
        let (text, whole) = beginning(&long);
        assert!(!whole && text.ends_with("é…") && text.chars().count() <= LETTERS + 1);
        let (one_word, _) = beginning(&"ü".repeat(LETTERS * 2));
        assert_eq!(one_word.chars().count(), LETTERS + 1);
    }
}
