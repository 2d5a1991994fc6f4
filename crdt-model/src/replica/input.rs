//! Everything that can happen to a replica.

use crate::address::Address;
use crate::content::gesture::Says;
use crate::content::story::{Ask, Story};
use crate::id::{DeviceId, Hash, InviteId, PersonId};
use crate::id::{PeerId, ThingId};
use crate::membership::act::{History, Mode, Role};
use crate::secrecy::kem::Keys;
use core::time::Duration;

/// A connection to one peer, numbered by the shell; never reused while a node runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub u64);

/// An attempt to connect, numbered by the replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DialId(pub u64);

/// A command somebody waits for, numbered by the shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u64);

/// One input.
#[derive(Clone, Debug)]
pub enum Input {
    /// The time the replica asked to be woken at has come, or the node has just started.
    Wake,
    /// A connection stands. The transport proved that the other side holds `peer`'s key.
    LinkUp {
        /// Its number.
        link: LinkId,
        /// Who is there.
        peer: PeerId,
        /// Which dial led to it; `None` = the other side dialled.
        dial: Option<DialId>,
        /// Where the other side is.
        address: Option<Address>,
    },
    /// The other side said hello, or answered ours.
    Hello {
        /// On which link.
        link: LinkId,
        /// At most 64 KiB.
        frame: Vec<u8>,
    },
    /// A frame of the sync session.
    Frame {
        /// On which link.
        link: LinkId,
        /// At most 256 KiB and a little.
        frame: Vec<u8>,
    },
    /// The connection ended.
    LinkDown {
        /// Which.
        link: LinkId,
    },
    /// A dial led nowhere.
    DialFailed {
        /// Which.
        dial: DialId,
    },
    /// The addresses at which this node can be reached now.
    Reachable {
        /// All of them, best first.
        addresses: Vec<Address>,
    },
    /// This computer's network changed, or it woke from sleep.
    NetworkChanged,
    /// A beacon opened under one of the keys this replica listens for.
    BeaconHeard {
        /// The place of that key among those asked for last.
        key: usize,
        /// What it said.
        payload: Vec<u8>,
        /// Where it came from.
        from: std::net::IpAddr,
    },
    /// The KEM keys that the replica asked for are durable; see [`Output::Keep`].
    ///
    /// [`Output::Keep`]: super::output::Output::Keep
    Kept {
        /// The keys.
        kem: Keys,
    },
    /// Somebody at this computer wants something.
    Command {
        /// Its number, for the reply.
        id: CommandId,
        /// What they want.
        command: Command,
    },
}

/// What is to stand in place of a story or response.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// The words.
    pub text: String,
    /// What would help; `None` = as before. A response has none.
    pub ask: Option<Ask>,
    /// What readers may want to know before they read on; `None` = as before, nothing but blanks = none.
    pub note: Option<String>,
}

/// When a story fades.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fade {
    /// As the circle has settled.
    #[default]
    AsSettled,
    /// Never.
    Never,
    /// After so many days, at least one.
    After(u16),
}

/// What somebody at this computer may want of a circle.
#[derive(Clone, Debug)]
pub enum Command {
    /// Make an invite.
    Invite {
        /// How many people it admits.
        uses: u16,
        /// How long it lasts.
        expires: Duration,
        /// Whether a member has to say welcome first.
        mode: Mode,
        /// What newcomers may read of the time before.
        history: History,
    },
    /// Show an open invite's key again, with this node's own addresses.
    ShowInvite {
        /// Which.
        invite: InviteId,
    },
    /// End an invite.
    StopInvite {
        /// Which.
        invite: InviteId,
    },
    /// Let somebody in who knocked.
    Welcome {
        /// Whom.
        person: PersonId,
    },
    /// Put somebody aside who knocked, on this computer alone.
    NotNow {
        /// Whom.
        person: PersonId,
    },
    /// Share a story.
    Share {
        /// The story.
        story: Story,
        /// When it fades.
        fade: Fade,
    },
    /// Change what holds for the circle as a whole; `None` = as it is.
    Settle {
        /// After how many days stories fade unless told; zero = never.
        fade: Option<u16>,
        /// Whether it is told who took a story back.
        tells: Option<bool>,
    },
    /// Begin the circle's agreement, or change it.
    Agreement {
        /// What it is to say.
        text: String,
        /// The [version](super::overview::AgreementLine::version) that this was made from.
        seen: Vec<Hash>,
    },
    /// Agree to the agreement.
    Agree {
        /// The version that was read.
        version: Vec<Hash>,
    },
    /// Answer a story.
    Respond {
        /// Which.
        to: ThingId,
        /// What is said.
        text: String,
    },
    /// Say something by a gesture to the author of a story alone.
    Gesture {
        /// The story.
        to: ThingId,
        /// What is said.
        says: Says,
        /// Take it back instead.
        back: bool,
    },
    /// Share a story or a response of one's own with other words, in place of the old one.
    Edit {
        /// Which.
        thing: ThingId,
        /// What is to stand there.
        edit: Edit,
    },
    /// Take back a story or a response of one's own.
    TakeBack {
        /// Which.
        thing: ThingId,
    },
    /// Give somebody a role.
    SetRole {
        /// Whom.
        person: PersonId,
        /// Which.
        role: Role,
    },
    /// Remove somebody.
    Remove {
        /// Whom.
        person: PersonId,
    },
    /// Leave the circle.
    Leave,
    /// Make a key by which another computer becomes a device of this person.
    AddDevice,
    /// Let in the computer that shows these four words.
    ConfirmDevice {
        /// The words, with blanks between them.
        words: String,
    },
    /// Take in what a bundle carries.
    Carry {
        /// Pieces of its transcript, in any order.
        pieces: Vec<Vec<u8>>,
    },
    /// Show what came from a backup though nobody could be asked what was taken back since.
    ShowNow,
    /// Take out another device of this person.
    RemoveDevice {
        /// Which.
        device: DeviceId,
    },
}
