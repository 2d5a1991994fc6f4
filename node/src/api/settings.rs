//! What a circle has settled for all: when stories fade, and whether it is told who took one back.

use super::asked::{Asked, Choice};
use super::{Answer, Api};
use crate::handle::{Select, Shown};
use crate::identity::Hint;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use circlet_model::replica::input::Command;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Changes what the circle has settled; what is absent stays.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSettings {
    /// After how many days stories fade, unless whoever shares one says otherwise; 0 = never.
    #[serde(default)]
    pub fade: Option<u16>,
    /// Whether a quiet line says who took a story back.
    #[serde(default)]
    pub tells: Option<bool>,
}

pub(super) async fn show(State(api): State<Api>, choice: Choice) -> Answer {
    let (_, json) = look(&api, choice.circle).await?;
    Ok(Json(json))
}

pub(crate) async fn change(
    State(api): State<Api>,
    choice: Choice,
    Asked(asked): Asked<NewSettings>,
) -> Answer {
    let (hint, _) = look(&api, choice.circle).await?;
    let NewSettings { fade, tells } = asked;
    let command = Command::Settle { fade, tells };
    api.handle.command(Select::Hint(hint), command).await?;
    let (_, json) = look(&api, Select::Hint(hint)).await?;
    Ok(Json(json))
}

async fn look(api: &Api, circle: Select) -> Result<(Hint, Value), Problem> {
    api.handle
        .look(move |shown| {
            let hint = shown.pick(&circle)?.hint;
            Ok((hint, of(shown, &circle)?))
        })
        .await
}

fn of(shown: &Shown<'_>, circle: &Select) -> Result<Value, Problem> {
    let replica = shown.replica(circle)?;
    let settings = replica.settings(shown.now)?;
    let fade = settings.as_ref().and_then(|settings| settings.fade);
    let tells = settings.is_some_and(|settings| settings.tells);
    Ok(json!({
        "name": replica.overview().name,
        "fade": fade,
        "tells": tells,
        "may_change": replica.may_settle(),
    }))
}
