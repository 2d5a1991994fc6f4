//! The state of a circle in plain words: what happened, what is safe, what to do next.

use crate::handle::Line;
use crate::problem::Problem;
use circlet_model::replica::output::JoinEnd;
use circlet_model::replica::overview::{Overview, Standing};
use circlet_model::store;
use circlet_model::time::{Day, Timestamp};
use jiff::civil::Date;

/// After so many days without anybody it is worth a look at why.
const LONG: u64 = 7;

/// Returns names, or other words, as people say them: "Ana, Bo and Cai".
pub fn listed(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.as_slice() {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        names => names.concat(),
    }
}

/// Says when the last backup was made.
pub(super) fn last_backup(made: Option<Date>) -> String {
    let said = |day: Date| {
        let day = day.strftime("%-d %B %Y");
        format!("Your last backup was made on {day}.")
    };
    made.map_or_else(|| "No backup has been made yet.".to_owned(), said)
}

/// Returns the word for a standing that scripts can rely on.
pub(super) fn state(standing: Standing) -> &'static str {
    match standing {
        Standing::Member => "joined",
        Standing::Pending => "pending",
        Standing::Knocking => "knocking",
        Standing::Ended(_) => "ended",
        Standing::Left => "left",
        Standing::Removed => "removed",
        Standing::Returning => "returning",
        Standing::Linking { .. } => "linking",
        Standing::DeviceRemoved => "taken-out",
    }
}

/// Returns the sentence for a circle.
pub(super) fn sentence(
    line: &Line<'_>,
    overview: &Overview,
    now: Timestamp,
    running: bool,
) -> String {
    if line.paused {
        return "Circlet could not write to this computer's disk, so it paused here. Nothing is lost. \
                Free some space, and it goes on by itself."
            .to_owned();
    }
    if line.cut_off && matches!(overview.standing, Standing::Member | Standing::Pending) {
        return "The part of Circlet that talks to other computers stopped here, and is \
                started again by itself within minutes. Nothing is lost; what you share goes out then."
            .to_owned();
    }
    if line.replica.is_ok_and(super::backups::is_veiled) {
        return veiled(running);
    }
    match overview.standing {
        Standing::Member if running => in_touch(overview, now) + &asked_out(overview),
        Standing::Member => {
            "Circlet isn't running. Everything still works here; it goes out when you \
                             run `circlet start`."
                .to_owned()
                + &asked_out(overview)
        }
        Standing::Pending => pending(running),
        Standing::Knocking => "A member has your request. You are in as soon as one of them says \
                               welcome; there is nothing you need to do."
            .to_owned(),
        Standing::Ended(end) => ended(end).to_owned(),
        Standing::Left => {
            "You left this circle. Your own stories stay on this computer.".to_owned()
        }
        Standing::Removed => {
            "You're no longer in this circle. Your own stories stay on this computer.".to_owned()
        }
        Standing::Returning => returning(running),
        Standing::Linking { met } => linking(met, line),
        Standing::DeviceRemoved => {
            "This computer was taken out of the circle from another one of yours. You yourself still \
             belong; what was here before stays here."
                .to_owned()
        }
    }
}

/// Returns the sentence for a circle whose replica could not be opened.
pub(super) fn closed(error: &store::Error) -> String {
    if matches!(error, store::Error::Damaged(_)) {
        return DAMAGED.to_owned();
    }
    let problem = Problem::from(error.clone());
    format!("{} {}", problem.message, problem.next)
}

/// What is said of a circle of which a part cannot be read any more.
const DAMAGED: &str = "A part of what this computer keeps of this circle is damaged, so Circlet leaves \
                       the circle closed here and changes nothing in it. Your other circles go on, and \
                       the other members' computers still hold what was shared. Run `circlet stop`, then \
                       `circlet repair`: it brings the circle back from them, and from what can still be \
                       read here, and keeps what is damaged.";

/// Returns the sentence for a join that nobody has answered.
pub(super) fn pending(running: bool) -> String {
    let next = if running {
        "Leave Circlet running; the join finishes by itself."
    } else {
        "Run `circlet start` and leave it running; the join finishes by itself."
    };
    format!("Waiting to meet a member's computer for the first time: any member will do. {next}")
}

/// Returns the sentence for coming back, until it is done.
pub(super) fn returning(running: bool) -> String {
    let next = if running {
        "Leave Circlet running; it finishes by itself."
    } else {
        "Run `circlet start` and leave it running; it finishes by itself."
    };
    format!(
        "Coming back to this circle: waiting to meet somebody of it, and any member will do. {next}"
    )
}

/// Returns the sentence for what came from a backup and is not shown yet.
pub(super) fn veiled(running: bool) -> String {
    let next = if running {
        "Leave Circlet running; it goes on by itself."
    } else {
        "Run `circlet start` and leave it running; it goes on by itself."
    };
    format!(
        "This circle came back from a backup. Its stories are safe here and stay out of sight until this \
         computer has met a member's and learnt what was taken back since. {next}"
    )
}

fn linking(met: bool, line: &Line<'_>) -> String {
    let words = line
        .replica
        .ok()
        .and_then(circlet_model::replica::Replica::linking_words);
    let words = words.unwrap_or_default();
    let first = if met {
        "Your other computer knows of this one."
    } else {
        "Waiting to meet your other computer."
    };
    format!(
        "{first} Type these four words there: `circlet device add --confirm \"{words}\"`. Then this \
         one goes on by itself."
    )
}

fn ended(end: JoinEnd) -> &'static str {
    match end {
        JoinEnd::UsedUp => {
            "This invite has already been used. Ask the person who sent it for a new one."
        }
        JoinEnd::Expired => "This invite ran out. Ask for a new one; it takes them a minute.",
        JoinEnd::Revoked => {
            "This invite was stopped. Ask the person who sent it whether they have a new one."
        }
        JoinEnd::Unknown => {
            "The circle does not know this invite. Ask the person who sent it for a new one."
        }
        JoinEnd::PersonRemoved => {
            "You were removed from this circle, so the words do not bring you back to it. A member can \
             invite you again."
        }
        JoinEnd::PersonLeft => {
            "You left this circle, so the words do not bring you back to it. A member can invite you \
             again."
        }
        JoinEnd::DeviceRemoved => {
            "This computer was taken out of the circle from another one of yours. You yourself still \
             belong."
        }
        JoinEnd::PersonBelongs => {
            "You are in this circle already, with another computer. `circlet restore` brings this one \
             in, too."
        }
        JoinEnd::TooManyDevices => {
            "You have eight computers in this circle, which is as many as one person may have. Take one \
             out with `circlet device remove` on another one, and then try again here. If you have none \
             of them any more, the members can remove you and invite you again."
        }
        JoinEnd::DeviceKeyOver => {
            "This device key ran out or has been used. Make a new one there with `circlet device add`."
        }
    }
}

/// Returns what is added while a removal waits for a second keeper.
fn asked_out(overview: &Overview) -> String {
    let mut asked = overview.members.iter().filter(|member| member.asked_out);
    match asked.next() {
        None => String::new(),
        Some(member) if member.me => " A keeper has asked to remove you from this circle, which takes \
                                      a second keeper. You still belong to it; until they have decided, \
                                      new stories may stay closed to you. `circlet members` shows who \
                                      the keepers are, if you would like to talk with one."
            .to_owned(),
        Some(member) => format!(
            " A keeper has asked to remove {}, which takes a second keeper: `circlet members` says more.",
            member.name
        ),
    }
}

fn in_touch(overview: &Overview, now: Timestamp) -> String {
    let others = overview.members.iter().filter(|member| !member.me).count();
    let in_step = overview.in_step_with.len();
    if others == 0 {
        return "You are the only one here so far. `circlet invite` makes a key for somebody else."
            .to_owned();
    }
    if in_step >= others {
        return "Up to date with everyone.".to_owned();
    }
    if in_step > 0 {
        return format!(
            "Up to date with {in_step} of {others} other members. The others catch up by themselves."
        );
    }
    if !overview.connected.is_empty() {
        return format!("Catching up with {}.", overview.connected.join(", "));
    }
    let Some(last) = overview.last_in_step else {
        return "Waiting to meet another member's computer for the first time. Everything still works \
                here; it goes out later."
            .to_owned();
    };
    let days = now.0.saturating_sub(last.0) / Day::MILLIS;
    if days >= LONG {
        return format!(
            "You haven't been in touch with anyone for {days} days. Everything here is safe; \
             `circlet doctor` may say why."
        );
    }
    "No other member's computer can be reached right now. Everything still works here; it goes out \
     later."
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use circlet_model::id::PersonId;
    use circlet_model::membership::act::Role;
    use circlet_model::replica::overview::Member;

    #[test]
    fn who_comes_back_with_a_ninth_computer_is_told_how_to_make_room() {
        let sentence = ended(JoinEnd::TooManyDevices);
        for part in [
            "eight computers",
            "`circlet device remove`",
            "invite you again",
        ] {
            assert!(sentence.contains(part), "{sentence}");
        }
    }

    #[test]
    fn a_circle_without_its_network_says_so_and_that_it_goes_on_by_itself() {
        let mut line = Line {
            hint: [1; 16],
            replica: Err(&store::Error::Full),
            listening: &[],
            refused: &[],
            paused: false,
            cut_off: true,
        };
        let overview = Overview {
            circle: None,
            name: "Tuesday".to_owned(),
            standing: Standing::Member,
            members: Vec::new(),
            entries: 0,
            connected: Vec::new(),
            in_step_with: Vec::new(),
            digest: String::new(),
            last_in_step: None,
        };
        let said = sentence(&line, &overview, Timestamp(0), true);
        assert!(said.contains("started again by itself") && said.contains("Nothing is lost"));
        line.cut_off = false;
        assert_ne!(sentence(&line, &overview, Timestamp(0), true), said);
    }

    #[test]
    fn who_is_asked_out_and_the_others_are_told_so() {
        let member = |name: &str, me, asked_out| Member {
            person: PersonId([0; 32]),
            name: name.to_owned(),
            role: Role::Keeper,
            since: Day::default(),
            me,
            devices: 1,
            words: None,
            asked_out,
        };
        let mut overview = Overview {
            circle: None,
            name: "Tuesday".to_owned(),
            standing: Standing::Member,
            members: vec![member("Ana", true, false), member("Bo", false, true)],
            entries: 0,
            connected: Vec::new(),
            in_step_with: Vec::new(),
            digest: String::new(),
            last_in_step: None,
        };
        assert!(asked_out(&overview).contains("remove Bo"));
        overview.members = vec![member("Ana", true, true), member("Bo", false, false)];
        assert!(asked_out(&overview).contains("You still belong"));
        overview.members = vec![member("Ana", true, false)];
        assert_eq!(asked_out(&overview), "");
    }
}
