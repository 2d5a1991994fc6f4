//! Status: how each circle stands on this computer.

use super::asked::Choice;
use super::{Answer, Api, sentence};
use crate::handle::{Line, Select, Shown};
use crate::page::dates;
use crate::problem::Problem;
use axum::Json;
use axum::extract::State;
use circlet_model::replica::Replica;
use circlet_model::replica::overview::Standing;
use serde::Serialize;
use serde_json::json;

/// How a circle stands.
#[derive(Clone, Debug, Serialize)]
pub struct Circle {
    /// Its id; the first half of it while the join is under way.
    pub id: String,
    /// Its name; empty until it has come.
    pub name: String,
    /// `joined`, `pending`, `knocking`, `ended`, `left`, `removed` or `unreadable`.
    pub state: &'static str,
    /// The state in plain words.
    pub sentence: String,
    /// The active members.
    pub members: Vec<Member>,
    /// The names of the people who wait for a welcome.
    pub waiting: Vec<String>,
    /// While a join is under way, the four words to compare with whoever lets this person in.
    pub words: Option<String>,
    /// How many entries are here.
    pub entries: u64,
    /// The names of the people whose computers are connected now.
    pub connected: Vec<String>,
    /// Of these, the ones who hold exactly what this computer holds.
    pub in_step_with: Vec<String>,
    /// Equal on two computers exactly when they hold the same.
    pub digest: String,
}

/// The last backup of this home.
#[derive(Clone, Debug, Serialize)]
pub struct Backup {
    /// The day on which it was made.
    pub made: Option<String>,
    /// The same in plain words.
    pub sentence: String,
}

/// A member, as far as the status goes.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// Their name.
    pub name: String,
    /// Whether it is the person at this computer.
    pub me: bool,
}

pub(super) async fn show(State(api): State<Api>, choice: Choice) -> Answer {
    let running = api.running;
    let looked = api.handle.look(move |shown| {
        let circles = of_all(shown, &choice.circle, running)?;
        Ok((circles, backup(shown)))
    });
    let (circles, backup) = looked.await?;
    Ok(Json(json!({
        "circles": circles,
        "running": running,
        "locked": false,
        "backup": backup,
    })))
}

fn of_all(shown: &Shown<'_>, select: &Select, running: bool) -> Result<Vec<Circle>, Problem> {
    let lines = shown.among(select)?;
    Ok(lines.iter().map(|line| of(line, shown, running)).collect())
}

/// Returns when the last backup was made, for programs and in words.
pub(super) fn backup(shown: &Shown<'_>) -> Backup {
    let made = shown.local.last_backup().ok().flatten();
    let made = made.map(dates::here);
    Backup {
        made: made.map(|day| day.to_string()),
        sentence: sentence::last_backup(made),
    }
}

/// Returns how a circle stands.
pub(super) fn of(line: &Line<'_>, shown: &Shown<'_>, running: bool) -> Circle {
    match line.replica {
        Ok(replica) => of_open(line, replica, shown, running),
        Err(error) => Circle {
            id: line.id(),
            name: String::new(),
            state: "unreadable",
            sentence: sentence::closed(error),
            members: Vec::new(),
            waiting: Vec::new(),
            words: None,
            entries: 0,
            connected: Vec::new(),
            in_step_with: Vec::new(),
            digest: String::new(),
        },
    }
}

fn of_open(line: &Line<'_>, replica: &Replica, shown: &Shown<'_>, running: bool) -> Circle {
    let overview = replica.overview();
    let joining = matches!(overview.standing, Standing::Pending | Standing::Knocking);
    let in_it = overview.standing == Standing::Member;
    let waiting = replica.waiting(shown.now).into_iter().filter(|_| in_it);
    let sentence = sentence::sentence(line, &overview, shown.now, running);
    let members = overview.members.into_iter();
    Circle {
        id: line.id(),
        name: overview.name,
        state: sentence::state(overview.standing),
        sentence,
        members: members
            .map(|member| Member {
                name: member.name,
                me: member.me,
            })
            .collect(),
        waiting: waiting.map(|knock| knock.name).collect(),
        words: replica.own_words().filter(|_| joining),
        entries: overview.entries,
        connected: overview.connected,
        in_step_with: overview.in_step_with,
        digest: overview.digest,
    }
}
