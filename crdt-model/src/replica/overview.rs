//! What a surface can ask a replica to show, as plain values.

use crate::content::gesture::Says;
use crate::content::story::Ask;
use crate::id::{CircleId, DeviceId, Hash, InviteId, PersonId, ThingId};
use crate::membership::act::{History, Mode, Role};
use crate::replica::output::JoinEnd;
use crate::time::{Day, Timestamp};

/// The state of a circle on this device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The circle; `None` until a join is complete.
    pub circle: Option<CircleId>,
    /// Its name; empty until its settings have come.
    pub name: String,
    /// How far this device is in it.
    pub standing: Standing,
    /// Who belongs now, the longest-standing first.
    pub members: Vec<Member>,
    /// How many entries are held.
    pub entries: u64,
    /// The names of the people to whose devices a session stands now.
    pub connected: Vec<String>,
    /// Of these, the ones who hold exactly what this device holds.
    pub in_step_with: Vec<String>,
    /// Hash of membership, entries and retracts: equal on two nodes exactly when they hold the same.
    pub digest: String,
    /// When a session last came into step with anybody.
    pub last_in_step: Option<Timestamp>,
}

/// How far this device is in a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// In it.
    Member,
    /// The join goes on by itself.
    Pending,
    /// The join waits for a welcome.
    Knocking,
    /// Coming back as a new device of a person who belongs.
    Returning,
    /// Waiting to be made a device of somebody, with the four words to compare.
    Linking {
        /// Whether the other computer has heard of this one.
        met: bool,
    },
    /// This person belongs, but this device was taken out.
    DeviceRemoved,
    /// The join cannot go on.
    Ended(JoinEnd),
    /// This person left.
    Left,
    /// This person was removed.
    Removed,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// Since which day.
    pub since: Day,
    /// Whether it is this device's own person.
    pub me: bool,
    /// How many devices of theirs belong.
    pub devices: usize,
    /// The four words of the keys they came with; the founder has none.
    pub words: Option<String>,
    /// Whether one keeper has asked to remove them where that takes two.
    pub asked_out: bool,
}

/// Somebody who belonged and does not any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Whether they were removed; otherwise they left.
    pub removed: bool,
    /// The day of it, as its writer said.
    pub day: Day,
    /// How many of those who belong now are known to know of the removal.
    pub known_by: usize,
    /// How many belong now.
    pub members: usize,
}

/// A device of this person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceLine {
    /// Its id.
    pub device: DeviceId,
    /// Whether it is this computer.
    pub here: bool,
    /// Since which day, by the clock of whoever let it in.
    pub since: Day,
    /// Whether it belongs now.
    pub active: bool,
}

/// An invite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteLine {
    /// Its id.
    pub invite: InviteId,
    /// The name of who made it.
    pub by: String,
    /// How many people it admits in all.
    pub uses: u16,
    /// How many it has admitted.
    pub used: u16,
    /// When it ends.
    pub expires: Timestamp,
    /// Whether a member has to say welcome first.
    pub mode: Mode,
    /// What newcomers may read of the time before.
    pub history: History,
    /// Whether it still lets somebody in.
    pub open: bool,
}

/// The circle's agreement as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreementLine {
    /// Its words.
    pub text: String,
    /// What an edit and a yes say they are about.
    pub version: Vec<Hash>,
    /// Who changed it last.
    pub by: String,
    /// Whether that was this device's own person.
    pub by_me: bool,
    /// When, by their clock.
    pub changed: Timestamp,
    /// Whether nobody has changed it since it was begun.
    pub is_as_begun: bool,
    /// Every member, and whether they agree to it.
    pub answers: Vec<Agrees>,
    /// What others that were begun say, the newest first: begun apart, or before this one.
    pub beside: Vec<String>,
}

/// Whether a member agrees to the agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agrees {
    /// Their name.
    pub name: String,
    /// Whether it is this device's own person.
    pub me: bool,
    /// Their answer.
    pub answer: Answer,
}

/// What a member has said to the agreement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes, to the words as they are now.
    Yes,
    /// Yes, to earlier words.
    Before,
    /// Nothing yet.
    NotYet,
}

impl AgreementLine {
    /// Returns what this device's own person has said to it.
    pub fn mine(&self) -> Answer {
        let mine = self.answers.iter().find(|answer| answer.me);
        mine.map_or(Answer::NotYet, |mine| mine.answer)
    }
}

/// A story with its responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoryLine {
    /// Its id.
    pub thing: ThingId,
    /// Who shared it.
    pub author: PersonId,
    /// Their name.
    pub author_name: String,
    /// Whether it is this device's own person.
    pub mine: bool,
    /// The text.
    pub text: String,
    /// What would help.
    pub ask: Ask,
    /// The content note.
    pub note: Option<String>,
    /// When it was written, by the author's clock.
    pub written: Timestamp,
    /// Whether it took the place of an earlier one: a response may be to words that stood there before.
    pub edited: bool,
    /// The last day on which it is shown, if it fades.
    pub fades: Option<Day>,
    /// What was answered, the oldest first.
    pub responses: Vec<ResponseLine>,
    /// On a story of this person's: what others say by gestures, the oldest first.
    pub gestures: Vec<GestureLine>,
    /// On somebody else's: what this person says by gestures.
    pub given: Vec<Says>,
}

/// A gesture on a story of this person's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GestureLine {
    /// Its id.
    pub thing: ThingId,
    /// What it says.
    pub says: Says,
    /// Who made it.
    pub person: PersonId,
    /// Their name.
    pub name: String,
}

/// A story or response of this person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLine {
    /// Its id.
    pub thing: ThingId,
    /// The story that it answers; `None` for a story.
    pub under: Option<ThingId>,
    /// The text; `None` where it has faded or cannot be read here.
    pub text: Option<String>,
}

/// How far something that this person took back is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoneFrom {
    /// How many computers have said that they erased it, this one included.
    pub from: usize,
    /// How many computers belong to the circle.
    pub of: usize,
    /// Who has computers that have not said so yet, this person first.
    pub waiting: Vec<Waiting>,
}

/// A person with computers that have not heard of something yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Their name.
    pub name: String,
    /// Whether it is this device's own person.
    pub me: bool,
    /// How many of their computers it is.
    pub computers: usize,
}

/// A place in the feed where a story was taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenBack {
    /// Who did.
    pub name: String,
    /// Whether it was this device's own person.
    pub me: bool,
    /// How many of the stories shown stand above it.
    pub after: usize,
}

/// A response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseLine {
    /// Its id.
    pub thing: ThingId,
    /// Who answered.
    pub author: PersonId,
    /// Their name.
    pub author_name: String,
    /// Whether it is this device's own person.
    pub mine: bool,
    /// The text.
    pub text: String,
    /// When it was written, by the author's clock.
    pub written: Timestamp,
}

/// How another member can be reached, as far as this device knows since it was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InTouch {
    /// Who.
    pub person: PersonId,
    /// Their name.
    pub name: String,
    /// Whether a computer of theirs is connected now.
    pub connected: bool,
    /// Whether one of these holds exactly what this device holds.
    pub in_step: bool,
    /// When one was last connected, if none is now.
    pub last: Option<Timestamp>,
}

/// To whom something is known to have come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// The names of those who have it on a computer of theirs.
    pub by: Vec<String>,
    /// The names of those who have not said so: they may have it all the same.
    pub unknown: Vec<String>,
}

/// Somebody who knocked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knock {
    /// Who.
    pub person: PersonId,
    /// The name they gave.
    pub name: String,
    /// The invite they hold.
    pub invite: InviteId,
    /// The four words of the keys they would come with.
    pub words: String,
}
