//! Why something asked for was not done, in words for the person who asked.
//!
//! A [`Problem`] travels as HTTP status and `{"code","message","next"}`. The code is a stable word
//! for scripts, the message says what happened and what is safe, `next` what to do.

use circlet_model::replica::output::Refusal;
use circlet_model::store;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What kind of problem it is: decides the HTTP status and the exit code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// It could not be done.
    #[default]
    CouldNot,
    /// The request itself was not understood.
    NotUnderstood,
    /// The home is locked, or the passphrase is not the right one.
    Locked,
    /// It needs a running node, and none answers.
    NodeNeeded,
    /// There is no such thing.
    NotFound,
}

/// Why something was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What kind it is.
    #[serde(skip)]
    pub kind: Kind,
    /// A stable word in kebab case.
    pub code: Cow<'static, str>,
    /// What happened, and what is safe.
    pub message: String,
    /// What to do now.
    pub next: String,
    /// What stands in the message, by name, for whoever says it in other words.
    #[serde(skip)]
    pub named: Vec<(&'static str, String)>,
}

impl Kind {
    /// Returns the HTTP status it travels under.
    pub fn status(self) -> u16 {
        match self {
            Self::CouldNot => 409,
            Self::NotUnderstood => 400,
            Self::Locked => 423,
            Self::NodeNeeded => 503,
            Self::NotFound => 404,
        }
    }

    /// Returns the kind that travels under an HTTP status.
    pub fn of_status(status: u16) -> Self {
        match status {
            400 => Self::NotUnderstood,
            404 => Self::NotFound,
            423 => Self::Locked,
            503 => Self::NodeNeeded,
            _ => Self::CouldNot,
        }
    }

    /// Returns the exit code of a command that ends with it.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::CouldNot | Self::NotUnderstood => 1,
            Self::Locked => 4,
            Self::NodeNeeded => 5,
            Self::NotFound => 6,
        }
    }
}

impl Problem {
    /// Returns a problem of the common kind.
    pub fn new(code: &'static str, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            kind: Kind::CouldNot,
            code: Cow::Borrowed(code),
            message: message.into(),
            next: next.into(),
            named: Vec::new(),
        }
    }

    /// Returns the same problem with something that stands in its message.
    pub fn with(mut self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.named.push((name, value.to_string()));
        self
    }

    /// Returns the same problem as another kind.
    pub fn of(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// Returns the problem of something that is not here.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            "not-found",
            format!("There is no such {what} on this computer. Nothing was changed."),
            "Look at the list again and copy the id from there; it may also still be on its way.",
        )
        .of(Kind::NotFound)
    }

    /// Returns the problem of a request that is not in the expected form.
    pub fn not_understood(why: impl Into<String>) -> Self {
        Self::new(
            "not-understood",
            format!(
                "Circlet did not understand this: {}. Nothing was changed.",
                why.into()
            ),
            "`circlet help` shows how to ask.",
        )
        .of(Kind::NotUnderstood)
    }

    /// Returns the problem of a fault of Circlet's own.
    pub fn bug() -> Self {
        Self::new(
            "bug",
            "Something went wrong in Circlet, not in what you did. What was saved is safe.",
            "Try again. If it happens again, `circlet doctor` says more.",
        )
    }

    /// Returns the problem of a node that is on its way out.
    pub fn closing() -> Self {
        Self::new(
            "closing",
            "Circlet is closing on this computer. What was saved is safe.",
            "Try again in a few seconds.",
        )
    }

    /// Returns the problem of a home that somebody else has open.
    pub fn busy() -> Self {
        Self::new(
            "busy",
            "Circlet is already open on this computer, and it does not answer yet.",
            "Use that window, or wait a few seconds and try again.",
        )
    }

    /// Returns the problem of a home that was never set up.
    pub fn not_set_up() -> Self {
        Self::new(
            "not-set-up",
            "Circlet is not set up on this computer yet.",
            "Run `circlet setup --name NAME`, with the name your circles shall know you by.",
        )
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Full => Self::new(
                "disk-full",
                "This computer's disk is full, so Circlet paused. Nothing that was saved is lost; \
                 what you just asked for was not done.",
                "Free some space, then try again.",
            ),
            store::Error::Io(_) => Self::new(
                "store-out-of-reach",
                "Circlet could not reach its files. Nothing that was saved is lost; what you just \
                 asked for was not done.",
                "Look whether the disk is connected and writable; then run `circlet stop` and \
                 `circlet start`.",
            ),
            store::Error::Stopped => Self::new(
                "store-stopped",
                "Circlet stopped writing and reading here, because this computer's disk was full or \
                 had a fault. Nothing that was saved is lost; what you just asked for was not done.",
                "Look whether the disk has room and is connected; then run `circlet stop`, then \
                 `circlet start`.",
            ),
            store::Error::Damaged(_) => Self::new(
                "store-damaged",
                "A part of Circlet's files on this computer is damaged. The other members' \
                 computers still hold what was shared.",
                "`circlet repair` brings your circles back from them, and from what can still be read \
                 here; it keeps what is damaged. Where Circlet is running, `circlet stop` comes first.",
            ),
            store::Error::Older(_) => Self::new(
                "store-older",
                "Circlet's files on this computer were written by a version from before its first \
                 release, which this one does not read. They were not changed.",
                "Move the folder away to begin anew; the version that wrote it can still read it.",
            ),
            store::Error::Newer(_) => Self::new(
                "store-newer",
                "Circlet's files on this computer were written by a newer version. They are safe.",
                "Update Circlet on this computer.",
            ),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAMember => Self::new(
                "not-a-member",
                "You're no longer in this circle. Your own stories stay on this computer.",
                "Ask a member for a new invite if you would like to come back.",
            ),
            Refusal::Pending => Self::new(
                "pending",
                "This computer has not met a member of the circle yet, so this has to wait.",
                "Leave Circlet running (`circlet start`); it goes on by itself.",
            ),
            Refusal::NotFound => Self::not_found("story, response, invite or person"),
            Refusal::NotAllowed => Self::new(
                "not-allowed",
                "In this circle that is for somebody else to do. Nothing was changed.",
                "`circlet members` shows who the keepers are; ask one of them.",
            ),
            Refusal::InviteEnded => Self::new(
                "invite-ended",
                "This invite has ended: it was used, ran out or was stopped.",
                "Make a new one with `circlet invite`.",
            ),
            Refusal::Empty => Self::new(
                "empty",
                "There is no text yet, so nothing was shared.",
                "Write something, then try again.",
            ),
            Refusal::TooLong(limit) => Self::new(
                "too-long",
                format!("The text is longer than {limit} bytes, so nothing was shared."),
                "Shorten it, or share it in two parts.",
            ),
            Refusal::Store => store::Error::Io(String::new()).into(),
            Refusal::Forked => Self::new(
                "restored-copy",
                "This computer was put back to an earlier state, and goes on as a new device of yours. \
                 Everything written so far is safe and readable.",
                "Try again in a moment.",
            ),
            Refusal::OwnStory => own_story(),
            Refusal::AuthorGone => author_gone(),
            Refusal::NobodyWaits => Self::new(
                "nobody-waits",
                "No other computer of yours waits to be linked here.",
                "Make a key with `circlet device add`, then run `circlet join` on the other computer.",
            ),
            Refusal::TooManyDevices => Self::new(
                "many-devices",
                "You have eight computers in this circle, which is as many as one person may have.",
                "Take one out that you no longer use: `circlet device list`, then `circlet device remove`.",
            ),
            Refusal::OtherWords => Self::new(
                "four-words",
                "These four words are not the ones that the other computer shows. Nothing was changed.",
                "Compare them once more. If they stay different, do not go on: make a new key.",
            ),
        }
    }
}

fn own_story() -> Problem {
    Problem::new(
        "own-story",
        "This is your own story. A gesture is for somebody else's.",
        "`circlet respond` adds words of your own below it.",
    )
}

fn author_gone() -> Problem {
    Problem::new(
        "author-gone",
        "Whoever shared this is not in the circle any more, so nobody would read it. Nothing was changed.",
        "`circlet respond` is still there, for those who are here.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_comes_back_from_its_status() {
        let kinds = [
            Kind::CouldNot,
            Kind::NotUnderstood,
            Kind::Locked,
            Kind::NodeNeeded,
            Kind::NotFound,
        ];
        for kind in kinds {
            assert_eq!(Kind::of_status(kind.status()), kind);
        }
    }

    #[test]
    fn who_has_eight_computers_is_told_how_to_make_room() {
        let problem = Problem::from(Refusal::TooManyDevices);
        assert_eq!(problem.code, "many-devices");
        assert!(problem.message.contains("eight computers"));
        assert!(problem.next.contains("`circlet device remove`"));
    }

    #[test]
    fn a_store_that_has_stopped_names_the_restart() {
        let problem = Problem::from(store::Error::Stopped);
        assert!(
            problem
                .next
                .contains("`circlet stop`, then `circlet start`")
        );
    }

    #[test]
    fn it_travels_as_three_fields() {
        let value = serde_json::to_value(Problem::new("a-b", "M.", "N.")).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"code": "a-b", "message": "M.", "next": "N."})
        );
    }
}
