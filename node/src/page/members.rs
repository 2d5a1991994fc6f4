//! Who is in the circle, who waits for a welcome, and who is gone.

use super::circle::{self, choice};
use super::dates::{self, When};
use super::show::{Base, Frame, Shown, on_to, page};
use crate::api::Api;
use crate::api::members as api_members;
use askama::Template;
use axum::extract::{Path, State};
use circlet_model::membership::act::Role;
use circlet_model::replica::overview::{Gone, Knock};

#[derive(Template)]
#[template(path = "members.html")]
struct Everyone {
    frame: Frame,
    members: Vec<Member>,
    waiting: Vec<Waiting>,
    /// Who knocked and was put aside here.
    aside: Vec<Waiting>,
    gone: Vec<Gone>,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is said of somebody, or not"
)]
struct Member {
    id: String,
    name: String,
    me: bool,
    keeper: bool,
    asked_out: bool,
    muted: bool,
    since: When,
    /// The four words to compare with them.
    words: Option<String>,
}

struct Waiting {
    id: String,
    name: String,
    words: String,
}

impl Everyone {
    /// Says of somebody that they are gone, and who knows.
    fn farewell(&self, gone: &Gone) -> String {
        let named = [
            ("name", gone.name.as_str().into()),
            ("known", gone.known_by.into()),
            ("of", gone.members.into()),
        ];
        let key = match (gone.removed, gone.known_by >= gone.members) {
            (false, _) => "gone-left",
            (true, true) => "gone-removed",
            (true, false) => "gone-removed-some",
        };
        self.frame.with_all(key, named)
    }
}

pub(super) async fn show(State(api): State<Api>, base: Base, Path(circle): Path<String>) -> Shown {
    let frame = Frame::new(&base, "members-title");
    let screen = api.handle.look(move |shown| {
        let muted = circle::find(shown, &circle)?.0.hint;
        let muted = shown.local.muted(muted)?;
        let (replica, frame) = circle::open(shown, &circle, frame)?;
        let members = replica.overview().members.into_iter();
        let members = members.map(|member| Member {
            id: member.person.to_hex(),
            name: member.name,
            me: member.me,
            keeper: member.role == Role::Keeper,
            asked_out: member.asked_out,
            muted: muted.contains(&member.person),
            since: dates::of_day(&frame, member.since, shown.now),
            words: member.words.filter(|_| !member.me),
        });
        let knocks = |knocks: Vec<Knock>| knocks.into_iter().map(waiting).collect();
        let mut gone = replica.gone();
        gone.retain(|gone| api_members::is_shown(gone, shown.now));
        Ok(Everyone {
            members: members.collect(),
            waiting: knocks(replica.waiting(shown.now)),
            aside: knocks(replica.aside(shown.now)),
            gone,
            frame,
        })
    });
    Ok(page(&screen.await?))
}

pub(super) async fn welcome(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    drop(api_members::welcome(State(api), choice(&circle), Path(id)).await?);
    Ok(on_to(&base.to(&format!("c/{circle}/members"))))
}

pub(super) async fn not_now(
    State(api): State<Api>,
    base: Base,
    Path((circle, id)): Path<(String, String)>,
) -> Shown {
    drop(api_members::not_now(State(api), choice(&circle), Path(id)).await?);
    Ok(on_to(&base.to(&format!("c/{circle}/members"))))
}

fn waiting(knock: Knock) -> Waiting {
    Waiting {
        id: knock.person.to_hex(),
        name: knock.name,
        words: knock.words,
    }
}
