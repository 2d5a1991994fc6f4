//! The state of a circle in one sentence that needs no knowledge of computers.

use super::show::Frame;
use crate::handle::Line;
use circlet_model::replica::output::JoinEnd;
use circlet_model::replica::overview::{Overview, Standing};
use circlet_model::store;
use circlet_model::time::{Day, Timestamp};

/// After so many days without anybody it is worth a look at why.
const LONG: u64 = 7;

/// Returns the sentence for a circle.
pub(super) fn sentence(frame: &Frame, line: &Line<'_>, now: Timestamp) -> String {
    let replica = match line.replica {
        Ok(replica) => replica,
        Err(store::Error::Damaged(_)) => return frame.say("state-damaged"),
        Err(error) => {
            let trouble = frame.trouble(&error.clone().into());
            return format!("{} {}", trouble.message, trouble.next);
        }
    };
    let overview = replica.overview();
    let meets = matches!(overview.standing, Standing::Member | Standing::Pending);
    if line.paused {
        frame.say("state-paused")
    } else if line.cut_off && meets {
        frame.say("state-cut-off")
    } else if crate::api::backups::is_veiled(replica) {
        frame.say("state-veiled")
    } else if let Standing::Linking { .. } = overview.standing {
        let words = replica.linking_words().unwrap_or_default();
        frame.with("state-linking", "words", words)
    } else if overview.standing == Standing::Member {
        in_touch(frame, &overview, now)
    } else {
        frame.say(apart(overview.standing))
    }
}

/// Returns the name of the sentence for whoever is not in a circle.
fn apart(standing: Standing) -> &'static str {
    match standing {
        Standing::Member => "state-in-step",
        Standing::Pending => "state-pending",
        Standing::Knocking => "state-knocking",
        Standing::Returning | Standing::Linking { .. } => "state-returning",
        Standing::DeviceRemoved => "state-taken-out",
        Standing::Left => "state-left",
        Standing::Removed => "state-removed",
        Standing::Ended(end) => match end {
            JoinEnd::UsedUp => "ended-used",
            JoinEnd::Expired => "ended-expired",
            JoinEnd::Revoked => "ended-stopped",
            JoinEnd::Unknown => "ended-unknown",
            JoinEnd::PersonRemoved => "ended-removed",
            JoinEnd::PersonLeft => "ended-left",
            JoinEnd::DeviceRemoved => "state-taken-out",
            JoinEnd::PersonBelongs => "ended-belongs",
            JoinEnd::DeviceKeyOver => "ended-device",
            JoinEnd::TooManyDevices => "ended-many-devices",
        },
    }
}

fn in_touch(frame: &Frame, overview: &Overview, now: Timestamp) -> String {
    let others = overview.members.iter().filter(|member| !member.me).count();
    let in_step = overview.in_step_with.len();
    if others == 0 {
        return frame.say("state-alone");
    }
    if in_step >= others {
        return frame.say("state-in-step");
    }
    if in_step > 0 {
        let named = [("with", in_step.into()), ("others", others.into())];
        return frame.with_all("state-some", named);
    }
    if !overview.connected.is_empty() {
        return frame.with(
            "state-catching-up",
            "names",
            frame.list(&overview.connected),
        );
    }
    let Some(last) = overview.last_in_step else {
        return frame.say("state-first-time");
    };
    match now.0.saturating_sub(last.0) / Day::MILLIS {
        days if days >= LONG => frame.with_all("state-long", [("days", days.into())]),
        _ => frame.say("state-nobody-near"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::show::Base;
    use super::*;
    use circlet_model::id::PersonId;
    use circlet_model::membership::act::Role;
    use circlet_model::replica::overview::Member;

    fn overview(names: &[&str]) -> Overview {
        let members = names.iter().enumerate().map(|(index, name)| Member {
            person: PersonId([0; 32]),
            name: (*name).to_owned(),
            role: Role::Member,
            since: Day::default(),
            me: index == 0,
            devices: 1,
            words: None,
            asked_out: false,
        });
        Overview {
            circle: None,
            name: "Tuesday".to_owned(),
            standing: Standing::Member,
            members: members.collect(),
            entries: 0,
            connected: Vec::new(),
            in_step_with: Vec::new(),
            digest: String::new(),
            last_in_step: None,
        }
    }

    #[test]
    fn how_far_the_others_are_is_said_plainly() {
        let frame = Frame::new(&Base::new("x"), "feed-title");
        let now = Timestamp(30 * Day::MILLIS);
        let say = |overview: &Overview| {
            let said = in_touch(&frame, overview, now);
            said.replace(['\u{2068}', '\u{2069}'], "")
        };
        assert!(say(&overview(&["Ana"])).starts_with("You are the only one here"));
        let mut circle = overview(&["Ana", "Bo", "Mo"]);
        assert!(say(&circle).contains("for the first time"));
        circle.last_in_step = Some(Timestamp(29 * Day::MILLIS));
        assert!(say(&circle).contains("can be reached right now"));
        circle.last_in_step = Some(Timestamp(20 * Day::MILLIS));
        assert!(say(&circle).contains("for 10 days"));
        circle.connected = vec!["Bo".to_owned()];
        assert_eq!(say(&circle), "Catching up with Bo.");
        circle.in_step_with = vec!["Bo".to_owned()];
        assert!(say(&circle).starts_with("Up to date with 1 of the 2 others."));
        circle.in_step_with.push("Mo".to_owned());
        assert_eq!(say(&circle), "Up to date with everyone.");
    }
}
