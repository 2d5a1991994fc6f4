//! Muting: whom this member does not want to see in a circle. Nobody is told, and no other computer knows.

use super::asked::Choice;
use super::members::pick;
use super::{Answer, Api};
use crate::handle::Select;
use crate::local::fresh_thing;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use circlet_model::id::PersonId;
use circlet_model::replica::Replica;
use circlet_model::store::Batch;
use serde_json::json;

/// Somebody who can be muted: who, their name, whether it is oneself.
type Person = (PersonId, String, bool);

pub(crate) async fn mute(State(api): State<Api>, choice: Choice, Path(id): Path<String>) -> Answer {
    let (id, name) = change(&api, choice.circle, id, true).await?;
    let sentence = format!(
        "You won't see {name}'s stories and responses. {name} isn't told. This is so on this computer \
         alone; your other computers still show them."
    );
    Ok(Json(
        json!({ "id": id, "name": name, "muted": true, "sentence": sentence }),
    ))
}

pub(crate) async fn unmute(
    State(api): State<Api>,
    choice: Choice,
    Path(id): Path<String>,
) -> Answer {
    let (id, name) = change(&api, choice.circle, id, false).await?;
    let sentence =
        format!("You see {name}'s stories and responses again, also those shared meanwhile.");
    Ok(Json(
        json!({ "id": id, "name": name, "muted": false, "sentence": sentence }),
    ))
}

async fn change(
    api: &Api,
    circle: Select,
    id: String,
    mute: bool,
) -> Result<(String, String), Problem> {
    let fresh = fresh_thing()?;
    api.handle
        .keep(move |shown| {
            let hint = shown.pick(&circle)?.hint;
            let people = people(shown.replica(&Select::Hint(hint))?);
            let (person, name, me) = pick(people, &id, |(person, ..)| *person)?;
            if me {
                return Err(yourself());
            }
            let mut muted = shown.local.muted(hint)?;
            let changed = if mute {
                muted.insert(person)
            } else {
                muted.remove(&person)
            };
            let batch = if changed {
                shown.local.mute(hint, muted, fresh)?
            } else {
                Batch::new()
            };
            Ok((batch, (person.to_hex(), name)))
        })
        .await
}

/// Returns who belongs to a circle, and who did.
fn people(replica: &Replica) -> Vec<Person> {
    let members = replica.overview().members.into_iter();
    let members = members.map(|member| (member.person, member.name, member.me));
    let gone = replica.gone().into_iter();
    let gone = gone.map(|gone| (gone.person, gone.name, false));
    members.chain(gone).collect()
}

fn yourself() -> Problem {
    Problem::new(
        "that-is-you",
        "That is you. Nothing was changed.",
        "You can mute anybody else in the circle.",
    )
}
