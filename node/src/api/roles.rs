//! Roles and removals: what keepers do, and what the other members say together.
//!
//! Whether something took effect or is one voice among several is read from the circle afterwards, and
//! never guessed.

use super::asked::{Asked, Choice};
use super::members::{pick, role};
use super::{Answer, Api};
use crate::handle::Select;
use crate::identity::Hint;
use crate::problem::Problem;
use axum::Json;
use axum::extract::{Path, State};
use circlet_model::id::PersonId;
use circlet_model::membership::act;
use circlet_model::replica::input::Command;
use circlet_model::replica::overview::{Gone, Member};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Gives somebody a role.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRole {
    /// Which.
    pub role: Role,
}

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Share, answer, invite.
    Member,
    /// Also remove members and choose keepers.
    Keeper,
}

/// How a circle is once something was asked of it.
struct After {
    members: Vec<Member>,
    gone: Vec<Gone>,
}

pub(crate) async fn remove(
    State(api): State<Api>,
    choice: Choice,
    Path(id): Path<String>,
) -> Answer {
    let (hint, member) = find(&api, choice.circle, id).await?;
    let Member { person, name, .. } = member;
    if member.me {
        return Err(Problem::new(
            "that-is-you",
            "That is you. Nothing was changed.",
            "`circlet leave` takes you out of the circle.",
        ));
    }
    let command = Command::Remove { person };
    api.handle.command(Select::Hint(hint), command).await?;
    let after = look(&api, hint).await?;
    let (state, sentence) = match after.gone.iter().find(|gone| gone.person == person) {
        Some(gone) if after.of(person).is_none() => ("done", removed(gone)),
        Some(_) | None => ("voice", after.voice(&name)),
    };
    Ok(Json(
        json!({ "id": person.to_hex(), "name": name, "state": state, "sentence": sentence }),
    ))
}

pub(crate) async fn give(
    State(api): State<Api>,
    choice: Choice,
    Path(id): Path<String>,
    Asked(asked): Asked<NewRole>,
) -> Answer {
    let (hint, member) = find(&api, choice.circle, id).await?;
    let Member { person, name, .. } = &member;
    let wanted = match asked.role {
        Role::Member => act::Role::Member,
        Role::Keeper => act::Role::Keeper,
    };
    let who = if member.me {
        "You are"
    } else {
        &format!("{name} is")
    };
    let (now, state, sentence) = if member.role == wanted {
        let sentence = format!("{who} a {} already. Nothing was changed.", role(wanted));
        (wanted, "already", sentence)
    } else {
        let (person, role) = (*person, wanted);
        let command = Command::SetRole { person, role };
        api.handle.command(Select::Hint(hint), command).await?;
        let after = look(&api, hint).await?;
        let now = after.of(person).map_or(member.role, |member| member.role);
        if now == wanted {
            (now, "done", after.role(who, wanted))
        } else {
            let sentence = "Your voice is noted. You are no keeper, so this counts once more than \
                            half of the members say the same, or a keeper decides it.";
            (now, "voice", sentence.to_owned())
        }
    };
    let (id, role) = (person.to_hex(), role(now));
    Ok(Json(
        json!({ "id": id, "name": name, "role": role, "state": state, "sentence": sentence }),
    ))
}

impl After {
    fn of(&self, person: PersonId) -> Option<&Member> {
        self.members.iter().find(|member| member.person == person)
    }

    fn i_am_keeper(&self) -> bool {
        let mut keepers = self.keepers();
        keepers.any(|member| member.me)
    }

    fn keepers(&self) -> impl Iterator<Item = &Member> {
        self.members
            .iter()
            .filter(|member| member.role == act::Role::Keeper)
    }

    /// What is said of a removal that has not taken effect.
    fn voice(&self, name: &str) -> String {
        if self.i_am_keeper() {
            return format!(
                "Your voice is noted. In this circle a removal takes two keepers, so {name} stays in \
                 it until another keeper says the same."
            );
        }
        format!(
            "Your voice is noted. You are no keeper, so {name} stays in the circle until more than \
             half of the members say the same, or a keeper removes them."
        )
    }

    /// What is said of a role that was given.
    fn role(&self, who: &str, role: act::Role) -> String {
        match role {
            act::Role::Keeper => {
                format!("{who} a keeper now, and can remove members and choose keepers.")
            }
            act::Role::Member if self.keepers().next().is_none() => format!(
                "{who} a member now. Nobody is a keeper any more; more than half of the members \
                 together can do what a keeper can."
            ),
            act::Role::Member => format!("{who} a member now, and no keeper any more."),
        }
    }
}

fn removed(gone: &Gone) -> String {
    let Gone {
        name,
        known_by,
        members,
        ..
    } = gone;
    let known = if known_by >= members {
        "Everyone knows."
    } else {
        &format!("{known_by} of {members} know so far; `circlet members` shows when all do.")
    };
    format!(
        "{name} is no longer in this circle. They keep what they have already read. What is shared \
         from now on is closed to them, as soon as whoever shares it knows. {known}"
    )
}

/// Returns the member whose id begins like this.
async fn find(api: &Api, circle: Select, id: String) -> Result<(Hint, Member), Problem> {
    api.handle
        .look(move |shown| {
            let hint = shown.pick(&circle)?.hint;
            let members = shown.replica(&Select::Hint(hint))?.overview().members;
            Ok((hint, pick(members, &id, |member| member.person)?))
        })
        .await
}

async fn look(api: &Api, hint: Hint) -> Result<After, Problem> {
    api.handle
        .look(move |shown| {
            let replica = shown.replica(&Select::Hint(hint))?;
            let (members, gone) = (replica.overview().members, replica.gone());
            Ok(After { members, gone })
        })
        .await
}
