//! Members: who belongs to a circle now, who waits for a welcome, who is gone; and letting somebody in.

use super::asked::Choice;
use super::by_id::one_like;
use super::{Answer, Api};
use crate::handle::Select;
use crate::identity::Hint;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use circlet_model::id::PersonId;
use circlet_model::membership::act::Role;
use circlet_model::replica::input::Command;
use circlet_model::replica::overview::{self, Gone, Knock};
use circlet_model::time::{Day, Timestamp};
use serde_json::{Value, json};

/// For so many days it is shown who left, or was removed and everybody knows.
const SHOWN_DAYS: u32 = 30;

pub(super) async fn list(State(api): State<Api>, choice: Choice) -> Answer {
    let people = api.handle.look(move |shown| {
        let hint = shown.pick(&choice.circle)?.hint;
        let replica = shown.replica(&Select::Hint(hint))?;
        let muted = shown.local.muted(hint)?;
        let members = replica.overview().members;
        let members = members
            .iter()
            .map(|it| member(it, muted.contains(&it.person)));
        let members: Vec<Value> = members.collect();
        let waiting: Vec<Value> = replica.waiting(shown.now).iter().map(knock).collect();
        let aside: Vec<Value> = replica.aside(shown.now).iter().map(knock).collect();
        let mut gone = replica.gone();
        gone.retain(|gone| is_shown(gone, shown.now) || muted.contains(&gone.person));
        let gone = gone
            .iter()
            .map(|it| farewell(it, muted.contains(&it.person)));
        let gone: Vec<Value> = gone.collect();
        Ok(json!({ "members": members, "waiting": waiting, "aside": aside, "gone": gone }))
    });
    Ok(Json(people.await?))
}

pub(crate) async fn welcome(
    State(api): State<Api>,
    choice: Choice,
    Path(id): Path<String>,
) -> Answer {
    let (hint, knock) = knocking(&api, choice, id).await?;
    let Knock {
        person,
        name,
        words,
        ..
    } = knock;
    let command = Command::Welcome { person };
    api.handle.command(Select::Hint(hint), command).await?;
    let then = if api.running {
        "Their computer comes in by itself the next time it asks, within about twenty minutes while \
         it runs."
    } else {
        "Run `circlet start`; their computer then comes in by itself the next time it asks."
    };
    let sentence = format!(
        "{name} is welcome here now. {then} If you have not compared the four words yet, do: the \
         screen on their side shows \"{words}\" too."
    );
    Ok(Json(
        json!({ "id": person.to_hex(), "name": name, "words": words, "sentence": sentence }),
    ))
}

/// Puts somebody aside who knocked, on this computer alone.
pub(crate) async fn not_now(
    State(api): State<Api>,
    choice: Choice,
    Path(id): Path<String>,
) -> Answer {
    let (hint, Knock { person, name, .. }) = knocking(&api, choice, id).await?;
    let command = Command::NotNow { person };
    api.handle.command(Select::Hint(hint), command).await?;
    let sentence = format!(
        "{name} is put aside on this computer, for a week at most. Nobody is told, {name} neither; \
         another member can welcome them, and so can you."
    );
    Ok(Json(
        json!({ "id": person.to_hex(), "name": name, "sentence": sentence }),
    ))
}

/// Returns who knocked and is meant, and at which circle; put aside or not.
async fn knocking(api: &Api, choice: Choice, id: String) -> Result<(Hint, Knock), Problem> {
    let found = api.handle.look(move |shown| {
        let hint = shown.pick(&choice.circle)?.hint;
        let replica = shown.replica(&Select::Hint(hint))?;
        let mut knocks = replica.waiting(shown.now);
        knocks.extend(replica.aside(shown.now));
        Ok((hint, pick(knocks, &id, |knock| knock.person)?))
    });
    found.await
}

/// Returns the one whose id begins like this.
pub(super) fn pick<T>(
    people: Vec<T>,
    id: &str,
    whose: impl Fn(&T) -> PersonId,
) -> Result<T, Problem> {
    one_like(people, "person", id, |one| whose(one).to_hex())
}

/// Returns the word for a role that scripts can rely on.
pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Member => "member",
        Role::Keeper => "keeper",
    }
}

/// Returns a day as year, month and day.
pub(super) fn date(day: Day) -> String {
    let start = i64::try_from(day.start().0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(start).map_or_else(
        |_| String::new(),
        |time| time.strftime("%Y-%m-%d").to_string(),
    )
}

fn member(member: &overview::Member, muted: bool) -> Value {
    json!({
        "id": member.person.to_hex(),
        "name": member.name,
        "role": role(member.role),
        "since": date(member.since),
        "me": member.me,
        "devices": member.devices,
        "words": member.words,
        "asked_out": member.asked_out,
        "muted": muted,
    })
}

fn knock(knock: &Knock) -> Value {
    json!({ "id": knock.person.to_hex(), "name": knock.name, "words": knock.words })
}

fn farewell(gone: &Gone, muted: bool) -> Value {
    let Gone {
        name,
        known_by,
        members,
        ..
    } = gone;
    let sentence = if !gone.removed {
        format!("{name} left.")
    } else if known_by >= members {
        format!("{name} was removed, and everyone knows.")
    } else {
        format!(
            "{name} was removed. {known_by} of {members} know; the others hear it when their \
             computers next meet."
        )
    };
    json!({
        "id": gone.person.to_hex(),
        "name": name,
        "removed": gone.removed,
        "day": date(gone.day),
        "known_by": known_by,
        "of": members,
        "muted": muted,
        "sentence": sentence,
    })
}

/// Whether it is still of use to hear of somebody who is gone.
pub(crate) fn is_shown(gone: &Gone, now: Timestamp) -> bool {
    let spreads = gone.removed && gone.known_by < gone.members;
    spreads || gone.day >= now.day().minus(SHOWN_DAYS)
}
