//! Doctor: what could keep circles from staying in step, looked at one by one and told in words.

use super::{Answer, Api, status};
use crate::handle::Shown;
use crate::home::Home;
use crate::problem::Problem;
use crate::repair::swap;
use axum::Json;
use axum::extract::State;
use circlet_model::time::{Day, Timestamp};
use serde::Serialize;
use serde_json::json;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// With less free space than this, a few more stories may not fit: 100 MiB.
const LITTLE_SPACE: u64 = 100 * 1024 * 1024;

/// How far the clock may lie behind the newest file before it counts as wrong: two hours, for
/// somebody who crossed a border with a clock set by hand.
const BEHIND: u64 = 2 * 60 * 60 * 1000;

/// One thing looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What was looked at: a stable word.
    pub check: &'static str,
    /// Whether all is well.
    pub ok: bool,
    /// What was found, and what to do.
    pub sentence: String,
}

pub(super) async fn show(State(api): State<Api>) -> Answer {
    let running = api.running;
    let of_circles = api.handle.look(move |shown| {
        let backup = status::backup(shown).sentence;
        Ok((shown.now, of_circles(shown, running), backup))
    });
    let (now, of_circles, backup) = of_circles.await?;
    let home = api.home.clone();
    let of_files = tokio::task::spawn_blocking(move || of_files(&home, now)).await;
    let mut checks = of_files.map_err(|_| Problem::bug())?;
    checks.push(check(
        "running",
        running,
        "Circlet is running.",
        "Circlet isn't running. Everything \
        here still works; run `circlet start`, so that it goes out.",
    ));
    // None is nothing that is wrong.
    checks.push(check("backup", true, &backup, ""));
    checks.extend(of_circles);
    Ok(Json(json!({ "checks": checks })))
}

/// Looks at what needs no open store.
pub fn of_files(home: &Home, now: Timestamp) -> Vec<Check> {
    let mut checks = vec![private(home), space(home.root()), clock(home, now)];
    checks.extend(set_aside(home));
    checks
}

/// Says where a repair keeps what was damaged, while it does.
fn set_aside(home: &Home) -> Option<Check> {
    let kept = swap::kept(home).ok()?;
    let newest = kept.last()?;
    Some(Check {
        check: "set-aside",
        ok: false,
        sentence: format!(
            "What was damaged is kept in {}, also what was taken back since. Once nothing is missing any \
             more, `circlet repair --forget` removes it.",
            newest.display()
        ),
    })
}

fn of_circles(shown: &Shown<'_>, running: bool) -> Vec<Check> {
    let mut checks = Vec::new();
    if shown.circles.is_empty() {
        let sentence = "You are in no circle yet: `circlet new NAME` begins one.".to_owned();
        checks.push(Check {
            check: "circles",
            ok: true,
            sentence,
        });
    }
    for line in &shown.circles {
        let circle = status::of(line, shown, running);
        let name = match (line.replica, circle.name.as_str()) {
            (Err(_), _) => format!("The circle {}", circle.id),
            (Ok(_), "") => "A circle on its way".to_owned(),
            (Ok(_), name) => name.to_owned(),
        };
        let ok = !line.paused
            && !line.cut_off
            && matches!(circle.state, "joined" | "pending" | "knocking");
        let sentence = format!("{name}: {}", circle.sentence);
        checks.push(Check {
            check: "circle",
            ok,
            sentence,
        });
        if !running {
            continue;
        }
        let sentence = match (line.listening.len(), line.refused.len()) {
            (0, _) if line.cut_off => format!(
                "{name}: other computers can't call this one until the part of Circlet that talks to \
                 them is started again, by itself within minutes. Should it say so for long, run \
                 `circlet stop` and then `circlet start`."
            ),
            (0, _) => format!(
                "{name}: other computers can't call this one, because it listens nowhere. It can \
                 still call them. Is this computer in any network?"
            ),
            (_, 0) => format!("{name}: other computers in reach can call this one."),
            (_, _) => format!(
                "{name}: this computer listens, but not everywhere it was asked to: a port is in \
                 use by another program."
            ),
        };
        let ok = !line.listening.is_empty() && line.refused.is_empty();
        checks.push(Check {
            check: "listening",
            ok,
            sentence,
        });
    }
    checks
}

#[cfg(unix)]
fn private(home: &Home) -> Check {
    use std::os::unix::fs::PermissionsExt as _;
    let open = |path: &Path| {
        std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o077 != 0)
    };
    let all = [
        home.root().to_owned(),
        home.keys(),
        home.identity(),
        home.pages(),
    ];
    check(
        "private",
        !all.iter().any(|path| open(path)),
        "Only you can look into Circlet's folder.",
        "Other people who use this computer can look into Circlet's folder. What lies there is \
         sealed; still, close it with `chmod -R go= FOLDER`.",
    )
}

#[cfg(not(unix))]
fn private(_: &Home) -> Check {
    check("private", true, "Circlet's folder is yours.", "")
}

fn space(root: &Path) -> Check {
    let free = free_space(root);
    check(
        "space",
        free.is_none_or(|free| free >= LITTLE_SPACE),
        "There is room on this computer's disk.",
        "This computer's disk is nearly full. Nothing is lost; free some space soon, so that \
         Circlet can go on.",
    )
}

#[cfg(unix)]
fn free_space(root: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(root).ok()?;
    Some(found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free_space(_: &Path) -> Option<u64> {
    None
}

fn clock(home: &Home, now: Timestamp) -> Check {
    let files = [home.keys(), home.identity(), home.pages()];
    let written = files
        .iter()
        .filter_map(|path| written(path))
        .max()
        .unwrap_or_default();
    check(
        "clock",
        now.0.saturating_add(BEHIND) >= written.0 && now.day() > Day::default(),
        "This computer's clock looks right.",
        "This computer's clock seems to be behind: Circlet's files are from a later time. Stories \
         may show the wrong day until it is set.",
    )
}

fn written(path: &Path) -> Option<Timestamp> {
    let time = std::fs::metadata(path).ok()?.modified().ok()?;
    let since = time.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp(u64::try_from(since.as_millis()).ok()?))
}

fn check(check: &'static str, ok: bool, well: &str, not_well: &str) -> Check {
    let sentence = if ok { well } else { not_well };
    Check {
        check,
        ok,
        sentence: sentence.to_owned(),
    }
}
