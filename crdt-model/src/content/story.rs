//! A story: words that one person shares, and what would help them.
//!
//! Once shared it is not edited in place: a new story takes the place of the old one, which is taken
//! back, and names the first of them. Its time is that of its first change. Keys: `t` text, `a` ask, `n` note, `r` replaces.

use super::{Body, Error, Kind, MAX_TEXT, clean_text};
use crate::bounded::Text;
use crate::document::{Document, Value};
use crate::id::DeviceId;
use crate::time::Timestamp;

/// The longest content note, in bytes of UTF-8: a line or two.
pub const MAX_NOTE: usize = 256;

const TEXT: &str = "t";
const ASK: &str = "a";
const NOTE: &str = "n";
const REPLACES: &str = "r";

/// A story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The words.
    pub text: Text<MAX_TEXT>,
    /// What would help.
    pub ask: Ask,
    /// What readers may want to know before they read on.
    pub note: Option<Text<MAX_NOTE>>,
    /// The nonce in the id of the first story of the same person that this one takes the place of. With
    /// the person's key it gives the id, so that nobody takes the place of what another shared.
    pub replaces: Option<[u8; 16]>,
    /// When it was written, as its writer's device says.
    pub written: Timestamp,
}

/// What would help the person who shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ask {
    /// Just listening.
    #[default]
    Listen,
    /// Shared experience.
    Experience,
    /// Ideas are welcome.
    Ideas,
    /// Ask before anything else.
    AskFirst,
}

impl Ask {
    /// All of them, in the order they are offered. Their places are their numbers on the wire.
    pub const ALL: [Self; 4] = [Self::Listen, Self::Experience, Self::Ideas, Self::AskFirst];

    /// Returns the name that commands and scripts use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Listen => "listen",
            Self::Experience => "experience",
            Self::Ideas => "ideas",
            Self::AskFirst => "ask-first",
        }
    }

    /// Returns the ask of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|ask| ask.name() == name)
    }

    fn number(self) -> u64 {
        match self {
            Self::Listen => 0,
            Self::Experience => 1,
            Self::Ideas => 2,
            Self::AskFirst => 3,
        }
    }

    /// Returns the ask of this number. One that a later version added is taken as the quietest.
    fn from_number(number: u64) -> Self {
        let known = Self::ALL.into_iter().find(|ask| ask.number() == number);
        known.unwrap_or_default()
    }
}

impl Story {
    /// Returns the body that shares this story.
    pub fn create(&self, device: DeviceId) -> Result<Body, Error> {
        let mut sets = vec![
            (
                TEXT,
                Some(Value::text(&clean_text::<MAX_TEXT>(&self.text)?)?),
            ),
            (ASK, Some(Value::Uint(self.ask.number()))),
        ];
        if let Some(note) = &self.note {
            sets.push((NOTE, Some(Value::text(&clean_text::<MAX_NOTE>(note)?)?)));
        }
        if let Some(replaces) = &self.replaces {
            sets.push((REPLACES, Some(Value::bytes(replaces)?)));
        }
        let (_, change) = Document::begin(device, self.written, &sets)?;
        Body::new(Kind::Story, &[change])
    }

    /// Reads a story. Keys it does not know are passed over; without words it is not one.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let text = document.text(TEXT).ok_or(Error::Incomplete)?;
        let note = document.text(NOTE).and_then(|note| clean_text(note).ok());
        let replaces = document.bytes(REPLACES);
        Ok(Self {
            text: clean_text(text)?,
            ask: document.uint(ASK).map(Ask::from_number).unwrap_or_default(),
            note,
            replaces: replaces.and_then(|nonce| nonce.try_into().ok()),
            written: document.begun(),
        })
    }
}
