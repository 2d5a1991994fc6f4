//! Everything a replica asks of the shell.

use crate::address::Address;
use crate::id::{InviteId, PeerId, ThingId};
use crate::key::Secret;
use crate::replica::input::{CommandId, DialId, LinkId};
use crate::secrecy::kem::Keys;
use crate::store::{self, Batch};
use crate::time::Timestamp;

/// What came of one input. The shell first applies `writes` and makes them durable, then carries out
/// `outputs` in order. Nothing may be sent, replied or shown before that.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Changes to the store: all or none.
    pub writes: Batch,
    /// What to do then.
    pub outputs: Vec<Output>,
    /// Why the store could not be read, if so. Then nothing of the input has happened, and the replica
    /// in memory is of no use any more: the shell loads it again from the store.
    pub trouble: Option<store::Error>,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Try to connect; answer with `LinkUp` or `DialFailed`.
    Dial {
        /// Its number.
        dial: DialId,
        /// Who should be there; `None` = whoever answers.
        peer: Option<PeerId>,
        /// Where, all at once.
        addresses: Vec<Address>,
    },
    /// These peers are members' devices: strangers must not take their places. Replaces what was said
    /// before.
    Known {
        /// Their transport keys.
        peers: Vec<PeerId>,
    },
    /// Say hello, or answer one.
    Hello {
        /// On which link.
        link: LinkId,
        /// The sealed frame.
        frame: Vec<u8>,
    },
    /// Let the other side open a sync session.
    Trust {
        /// Which link.
        link: LinkId,
    },
    /// Send a frame of the sync session.
    Send {
        /// On which link.
        link: LinkId,
        /// The frame.
        frame: Vec<u8>,
    },
    /// End the connection, after what was sent before has gone out.
    Close {
        /// Which.
        link: LinkId,
    },
    /// Wake the replica at this time; replaces what was asked before.
    Wake {
        /// When.
        at: Timestamp,
    },
    /// Send a short burst of beacons, each sealed under its key.
    Beacon {
        /// Key and payload of each.
        beacons: Vec<([u8; 32], Vec<u8>)>,
    },
    /// Listen for beacons under these keys; replaces what was asked before.
    Listen {
        /// The keys.
        keys: Vec<[u8; 32]>,
    },
    /// The answer to a command.
    Reply {
        /// Which command.
        id: CommandId,
        /// What came of it.
        reply: Result<Reply, Refusal>,
    },
    /// Something a surface may want to show.
    Event(Event),
    /// Draw new keys for this device, keep them, and open the replica anew with them: this computer was
    /// put back to an earlier state, and others know a later one. Said again until it is done.
    Renew,
    /// Keep these KEM keys of this device in place of those before, with nothing left of those that are
    /// not among them; once that is durable, say so by [`Input::Kept`]. Said again until it is done.
    ///
    /// [`Input::Kept`]: super::input::Input::Kept
    Keep {
        /// The keys.
        kem: Keys,
    },
    /// This device is this person's from now on: keep the secret of the person key, then let the
    /// replica come back with it and these contacts.
    Adopt {
        /// The secret of the person key in this circle.
        person: Secret,
        /// What to find a member by.
        contacts: Vec<String>,
    },
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It is done.
    Done,
    /// A story or response stands in this computer's store.
    Shared {
        /// Its id.
        thing: ThingId,
    },
    /// An invite stands.
    Invited {
        /// Its id.
        invite: InviteId,
        /// The key to hand on.
        key: String,
    },
    /// What a bundle carries was taken in, as far as it is in order.
    Carried(Carried),
    /// A device key stands.
    DeviceKey {
        /// The key to type or scan at the other computer.
        key: String,
        /// When it ends.
        until: Timestamp,
    },
}

/// What came of pieces of a transcript.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// How many acts and entries were new here.
    pub new: u64,
    /// Whether some have to come once more, because what they build on came after them.
    pub again: bool,
    /// Whether a piece was not in order: it and those after it were left out.
    pub bad: bool,
}

/// Why a command was not carried out. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// This person is not, or no longer, in the circle.
    #[error("not a member of this circle")]
    NotAMember,
    /// The circle has not been joined yet.
    #[error("the circle is not joined yet")]
    Pending,
    /// There is no such story, response, person or invite here.
    #[error("not found")]
    NotFound,
    /// It is not theirs to do.
    #[error("not allowed")]
    NotAllowed,
    /// The invite has ended.
    #[error("the invite has ended")]
    InviteEnded,
    /// The text is empty.
    #[error("there is no text")]
    Empty,
    /// The text is longer than this many bytes.
    #[error("longer than {0} bytes")]
    TooLong(usize),
    /// The store could not be read; nothing was lost.
    #[error("the store could not be read")]
    Store,
    /// Another copy of this device has written meanwhile: a restored backup. It has to go on as a new
    /// device.
    #[error("this device's key was used elsewhere")]
    Forked,
    /// No other computer waits to become a device of this person.
    #[error("no other device waits")]
    NobodyWaits,
    /// This person has as many devices as one may have.
    #[error("as many devices as one may have")]
    TooManyDevices,
    /// It is for the story of somebody else.
    #[error("one's own story")]
    OwnStory,
    /// Whoever shared the story does not belong any more: nobody would read it.
    #[error("its author does not belong any more")]
    AuthorGone,
    /// The four words are not those of a computer that waits.
    #[error("the four words are of no device that waits")]
    OtherWords,
}

/// Something that happened and that a surface may show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This person was let in: the join is complete.
    Joined,
    /// The join was answered, and cannot go on with this key.
    JoinEnded(JoinEnd),
    /// The join waits for a member's welcome.
    JoinWaits,
    /// Somebody knocked with an invite that wants a welcome.
    Knocked,
    /// Another computer holds this device's device key and waits for its four words.
    DeviceWaits,
    /// The roster changed.
    Members,
    /// A story, response or other thing came, changed or went.
    Content,
    /// A connection came or went, or a peer came into step.
    Connections,
    /// The store could not be read or holds something damaged.
    StoreTrouble,
}

/// Why a join cannot go on with the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum JoinEnd {
    /// It has admitted as many as it may.
    UsedUp,
    /// Its time is over.
    Expired,
    /// A member ended it.
    Revoked,
    /// The circle does not know it.
    Unknown,
    /// The person who came back by their words was removed.
    PersonRemoved,
    /// The person who came back by their words has left.
    PersonLeft,
    /// This device was taken out.
    DeviceRemoved,
    /// The device key ran out or was used.
    DeviceKeyOver,
    /// The person belongs already, by another device: this one comes back as a further one.
    PersonBelongs,
    /// The person has as many devices as one may have.
    TooManyDevices,
}
