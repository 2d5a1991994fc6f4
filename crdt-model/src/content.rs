//! What members share: the kinds of things, who may write them, and the body that carries them.
//!
//! ```text
//! Body = postcard of { kind: u8, changes: list of the bytes of changes }     at most 112 KiB
//! ```
//!
//! The kind of a thing is that of its creator's bodies; bodies of another kind, or of someone who may
//! not write that kind, do not count. A kind that this version does not know is kept and passed on
//! unread.

pub mod agreement;
pub mod gesture;
pub mod profile;
pub mod response;
pub mod settings;
pub mod story;

mod name;

use crate::bounded::{Bytes, List, Text, TooLong};
use crate::codec;
use crate::document::text::TextDocument;
use crate::document::{self, Change, Document};
use crate::id::{DeviceId, PersonId};
use crate::log::header::{Audience, KeyClass};
pub use crate::membership::act::MAX_NAME;
use agreement::Agreement;
use gesture::Gesture;
use profile::Profile;
use response::Response;
use serde::{Deserialize, Serialize};
use settings::Settings;
use story::Story;

/// The largest body before it is padded and sealed: two fit into a frame.
pub const MAX_BODY: usize = 112 * 1024;
/// The most changes in one body.
pub const MAX_BODY_CHANGES: usize = 64;
/// The longest text of a story or response, in bytes of UTF-8.
pub const MAX_TEXT: usize = document::MAX_VALUE;

/// Why words, a body or a thing cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No words, or only blanks.
    #[error("no words")]
    Empty,
    /// More than a limit allows.
    #[error(transparent)]
    TooLong(#[from] TooLong),
    /// A character that would hide or rearrange others.
    #[error("a character that cannot be shown")]
    Unclean,
    /// Bytes that are no body.
    #[error("not a body: {0}")]
    Codec(#[from] codec::Error),
    /// A kind of thing that this version does not know.
    #[error("kind {0} is not known here")]
    Kind(u8),
    /// Nothing by its creator is known.
    #[error("nothing begins this thing")]
    NotBegun,
    /// A part that the kind needs is not there.
    #[error("an incomplete thing")]
    Incomplete,
    /// The changes make no document.
    #[error(transparent)]
    Document(#[from] document::Error),
}

/// A kind of thing. The numbers are for ever; 6 to 15 are set aside: 6 strategy,
/// 7 gathering, 8 ask or offer, 10 private reply, 11 concern, 12 recovery share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A story. 1.
    Story,
    /// A response to a story. 2.
    Response,
    /// How a person shows themselves. 3.
    Profile,
    /// What holds for the circle as a whole. 4.
    Settings,
    /// The sentences that the circle agrees on. 5.
    Agreement,
    /// A sentence for the author of a story alone. 9.
    Gesture,
}

/// What an entry carries once it is opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// The number of a [`Kind`], perhaps of a later version.
    pub kind: u8,
    /// Changes of exactly one thing, in the form that the kind says.
    pub changes: List<Bytes<MAX_BODY>, MAX_BODY_CHANGES>,
}

/// An opened body with what its header and the membership say of its signer. Whether an entry of a
/// removed device counts at all is not decided here.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// The header's device.
    pub device: DeviceId,
    /// That device's person.
    pub signer: PersonId,
    /// Whether that person was a keeper.
    pub is_keeper: bool,
    /// What the entry carries.
    pub body: &'a Body,
}

/// A thing, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A story.
    Story(Story),
    /// A response to a story.
    Response(Response),
    /// How a person shows themselves.
    Profile(Profile),
    /// What holds for the circle as a whole.
    Settings(Settings),
    /// The sentences that the circle agrees on.
    Agreement(Agreement),
    /// A sentence for the author of a story alone.
    Gesture(Gesture),
}

impl Kind {
    /// Returns the kind of this number, if this version knows it.
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Self::Story,
            2 => Self::Response,
            3 => Self::Profile,
            4 => Self::Settings,
            5 => Self::Agreement,
            9 => Self::Gesture,
            _ => return None,
        })
    }

    /// Returns the number that stands for it for ever.
    pub fn number(self) -> u8 {
        match self {
            Self::Story => 1,
            Self::Response => 2,
            Self::Profile => 3,
            Self::Settings => 4,
            Self::Agreement => 5,
            Self::Gesture => 9,
        }
    }

    /// Returns the key class that its bodies are sealed under.
    pub fn class(self) -> KeyClass {
        match self {
            Self::Story | Self::Response | Self::Gesture => KeyClass::Stories,
            Self::Profile | Self::Settings | Self::Agreement => KeyClass::Commons,
        }
    }

    /// Returns for whom its bodies are sealed: in a body of another audience it means nothing.
    pub fn audience(self) -> Audience {
        match self {
            Self::Gesture => Audience::Sealed,
            Self::Story | Self::Response | Self::Profile | Self::Settings | Self::Agreement => {
                Audience::Circle
            }
        }
    }

    /// Whether a member may write a thing of this kind that `creator` made.
    pub fn may_write(self, signer: PersonId, creator: PersonId, is_keeper: bool) -> bool {
        match self {
            Self::Story | Self::Response | Self::Profile | Self::Gesture => signer == creator,
            Self::Settings => is_keeper,
            Self::Agreement => true,
        }
    }
}

impl Body {
    /// Returns a body of changes.
    pub fn new(kind: Kind, changes: &[Change]) -> Result<Self, Error> {
        let changes = changes.iter().map(|change| Bytes::new(change.encode()));
        let changes = List::new(changes.collect::<Result<_, _>>()?)?;
        let body = Self {
            kind: kind.number(),
            changes,
        };
        if body.encode().len() > MAX_BODY {
            return Err(TooLong(MAX_BODY).into());
        }
        Ok(body)
    }

    /// Returns the bytes to seal.
    pub fn encode(&self) -> Vec<u8> {
        codec::encode(self)
    }

    /// Reads an opened body.
    pub fn decode(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_BODY {
            return Err(codec::Error::TooLarge(MAX_BODY).into());
        }
        Ok(codec::decode(bytes)?)
    }

    /// Returns the kind, if this version knows it.
    pub fn kind(&self) -> Result<Kind, Error> {
        Kind::from_number(self.kind).ok_or(Error::Kind(self.kind))
    }

    /// Reads the changes, as made by the header's device. `Error::Kind` only says that a later version
    /// wrote it: the entry is kept like any other.
    pub fn check(&self, device: DeviceId) -> Result<Vec<Change>, Error> {
        let is_text = self.kind()? == Kind::Agreement;
        if is_text && self.changes.len() != 1 {
            // So that as many changes are opened as there are entries.
            return Err(document::Error::IllFormed.into());
        }
        let changes = self.changes.iter().map(|bytes| {
            if is_text {
                Change::decode_text(bytes, device)
            } else {
                Change::decode(bytes, device)
            }
        });
        Ok(changes.collect::<Result<_, _>>()?)
    }
}

impl Content {
    /// Reads a thing from all that was written to it, in any order. What does not count is left out.
    pub fn read(creator: PersonId, writes: &[Write<'_>]) -> Result<Self, Error> {
        let (kind, changes) = counting(creator, writes)?;
        Ok(match kind {
            Kind::Story => Self::Story(Story::read(&Document::load(changes)?)?),
            Kind::Response => Self::Response(Response::read(&Document::load(changes)?)?),
            Kind::Profile => Self::Profile(Profile::read(&Document::load(changes)?)?),
            Kind::Settings => Self::Settings(Settings::read(&Document::load(changes)?)?),
            Kind::Agreement => Self::Agreement(Agreement::read(&TextDocument::load(changes)?)?),
            Kind::Gesture => Self::Gesture(Gesture::read(&Document::load(changes)?)?),
        })
    }
}

/// Returns a thing's kind and document from all that was written to it, in any order. An agreement is a
/// text, and [opened](Agreement::open) as one.
pub fn open(creator: PersonId, writes: &[Write<'_>]) -> Result<(Kind, Document), Error> {
    let (kind, changes) = counting(creator, writes)?;
    Ok((kind, Document::load(changes)?))
}

/// Returns a thing's kind and the changes that count, of all that was written to it.
fn counting(creator: PersonId, writes: &[Write<'_>]) -> Result<(Kind, Vec<Change>), Error> {
    let by_creator = writes.iter().filter(|write| write.signer == creator);
    let number = by_creator
        .map(|write| write.body.kind)
        .min()
        .ok_or(Error::NotBegun)?;
    let kind = Kind::from_number(number).ok_or(Error::Kind(number))?;
    let counting = writes.iter().filter(|write| {
        write.body.kind == number && kind.may_write(write.signer, creator, write.is_keeper)
    });
    let changes = counting
        .filter_map(|write| write.body.check(write.device).ok())
        .flatten();
    Ok((kind, changes.collect()))
}

/// Returns text as it is kept: lines end in LF, nothing blank at the end, no control characters but
/// tabs. What others wrote goes through here too, so that it cannot play tricks on a terminal.
pub fn clean_text<const MAX: usize>(text: &str) -> Result<Text<MAX>, Error> {
    if text.contains('\0') {
        return Err(Error::Unclean);
    }
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let shown = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
    let text: String = text.chars().filter(shown).collect();
    let text = text.trim_end();
    if text.is_empty() {
        return Err(Error::Empty);
    }
    Ok(Text::new(text)?)
}

/// Returns a name as it is kept: one line, no blanks around it, nothing that hides or turns around
/// what stands beside it.
pub fn clean_name<const MAX: usize>(name: &str) -> Result<Text<MAX>, Error> {
    let name = name.trim();
    if name.chars().any(|c| c.is_control() || is_hidden(c)) {
        return Err(Error::Unclean);
    }
    if name.is_empty() {
        return Err(Error::Empty);
    }
    Ok(Text::new(name)?)
}

/// Whether a character sets the direction of others, breaks the line or has no width. The joiners
/// that some scripts need are allowed.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
    )
}

#[cfg(test)]
mod tests;
