//! How a circle is doing: who is in touch, what waits here, what this computer looks like, what to try.

use super::circle;
use super::dates;
use super::show::{Base, Frame, Shown, page};
use super::state;
use crate::api::Api;
use crate::api::doctor;
use crate::backup::blocking;
use crate::handle::Line;
use askama::Template;
use axum::extract::{Path, State};
use circlet_model::id::ThingId;
use circlet_model::replica::Replica;
use circlet_model::replica::overview::{InTouch, Standing};
use circlet_model::store;
use circlet_model::time::Timestamp;

#[derive(Template)]
#[template(path = "doing.html")]
struct Doing {
    frame: Frame,
    state: String,
    members: Vec<Member>,
    /// What waits to go out, where this person is in the circle.
    waits: Option<&'static str>,
    /// Whether nobody else is up to date, so that something can be tried.
    try_something: bool,
    looked_at: Vec<LookedAt>,
}

struct Member {
    name: String,
    said: String,
}

/// Something that was looked at.
struct LookedAt {
    fine: bool,
    said: String,
}

pub(super) async fn show(State(api): State<Api>, base: Base, Path(circle): Path<String>) -> Shown {
    let frame = Frame::new(&base, "doing-title");
    let doing = api.handle.look(move |shown| {
        let (line, circle) = circle::find(shown, &circle)?;
        let frame = frame.around(circle);
        let contacts = line.replica.map_or_else(|_| Vec::new(), Replica::in_touch);
        let members = contacts.iter().map(|contact| Member {
            name: contact.name.clone(),
            said: in_touch(&frame, contact, shown.now),
        });
        let joined = line.standing() == Some(Standing::Member);
        let inside = line.replica.ok().filter(|_| joined && !contacts.is_empty());
        let doing = Doing {
            state: state::sentence(&frame, &line, shown.now),
            members: members.collect(),
            waits: inside.map(|replica| {
                if replica.is_all_elsewhere() {
                    "waits-nothing"
                } else {
                    "waits-some"
                }
            }),
            try_something: !contacts.is_empty() && contacts.iter().all(|it| !it.in_step),
            looked_at: vec![listens(&frame, &line)],
            frame,
        };
        Ok((doing, shown.now))
    });
    let (mut doing, now) = doing.await?;
    let home = api.home.clone();
    let files = blocking(move || Ok(doctor::of_files(&home, now))).await?;
    let files = files.into_iter().map(|check| {
        let end = if check.ok { "fine" } else { "look" };
        LookedAt {
            fine: check.ok,
            said: doing.frame.say(&format!("doctor-{}-{end}", check.check)),
        }
    });
    let files: Vec<_> = files.collect();
    doing.looked_at.extend(files);
    Ok(page(&doing))
}

/// Says who is known to have something that this person shared; nothing, where it is not theirs or nobody
/// else is here.
pub(super) fn reached(
    frame: &Frame,
    replica: &Replica,
    thing: ThingId,
) -> Result<Option<String>, store::Error> {
    let Some(reached) = replica.reached(thing)? else {
        return Ok(None);
    };
    let by = frame.list(&reached.by);
    let said = match (reached.by.as_slice(), reached.unknown.as_slice()) {
        ([], []) => return Ok(None),
        ([], _) => frame.say("reached-unknown"),
        (_, []) => frame.with("reached-all", "names", by),
        (_, _) => frame.with("reached-some", "names", by),
    };
    Ok(Some(said))
}

/// Says how another member can be reached.
fn in_touch(frame: &Frame, contact: &InTouch, now: Timestamp) -> String {
    match (contact.in_step, contact.connected, contact.last) {
        (true, ..) => frame.say("touch-in-step"),
        (false, true, _) => frame.say("touch-catching-up"),
        (false, false, Some(last)) => {
            let day = dates::of(frame, last, now).said;
            frame.with("touch-last", "day", day)
        }
        (false, false, None) => frame.say("touch-none"),
    }
}

/// Says whether other computers can call this one.
fn listens(frame: &Frame, line: &Line<'_>) -> LookedAt {
    let (fine, key) = match (line.listening.len(), line.refused.len()) {
        (0, _) if line.cut_off => (false, "doctor-cut-off"),
        (0, _) => (false, "doctor-listening-nowhere"),
        (_, 0) => (true, "doctor-listening-fine"),
        (_, _) => (false, "doctor-listening-some"),
    };
    LookedAt {
        fine,
        said: frame.say(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use circlet_model::id::PersonId;
    use circlet_model::time::Day;

    #[test]
    fn how_somebody_can_be_reached_is_said_in_words() {
        let frame = Frame::new(&Base::new("x"), "doing-title");
        let now = Timestamp(30 * Day::MILLIS + Day::MILLIS / 2);
        let mut bo = InTouch {
            person: PersonId([0; 32]),
            name: "Bo".to_owned(),
            connected: false,
            in_step: false,
            last: None,
        };
        let say = |contact: &InTouch| {
            let said = in_touch(&frame, contact, now);
            said.replace(['\u{2068}', '\u{2069}'], "")
        };
        assert_eq!(say(&bo), "Not met since Circlet was opened here.");
        bo.last = Some(Timestamp(29 * Day::MILLIS + Day::MILLIS / 2));
        assert_eq!(
            say(&bo),
            "Last in touch yesterday. What is missing comes by itself."
        );
        bo.connected = true;
        assert_eq!(say(&bo), "In touch now, and catching up.");
        bo.in_step = true;
        assert_eq!(say(&bo), "In touch now, and up to date.");
    }
}
