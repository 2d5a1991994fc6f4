//! A gesture: one of a few sentences, said to the person who shared a story and to nobody else.
//!
//! It travels as a [note](crate::secrecy::sealed_note), and says nothing of when it was made. Keys: `s` the
//! story it is on, `g` what it says.

use super::{Body, Error, Kind};
use crate::document::{Document, Value};
use crate::id::{DeviceId, ThingId};
use crate::time::Timestamp;

const STORY: &str = "s";
const SAYS: &str = "g";

/// A gesture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gesture {
    /// The story: the first one of all its edits.
    pub to: ThingId,
    /// What it says.
    pub says: Says,
}

/// What a gesture says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Says {
    /// With you.
    WithYou,
    /// I've been there.
    BeenThere,
    /// Thank you for sharing.
    ThankYou,
}

impl Says {
    /// All of them, in the order they are offered. Their places are their numbers on the wire.
    pub const ALL: [Self; 3] = [Self::WithYou, Self::BeenThere, Self::ThankYou];

    /// Returns the name that commands and scripts use.
    pub fn name(self) -> &'static str {
        match self {
            Self::WithYou => "with-you",
            Self::BeenThere => "been-there",
            Self::ThankYou => "thank-you",
        }
    }

    /// Returns the one of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|says| says.name() == name)
    }

    /// Returns the number that stands for it for ever.
    pub fn number(self) -> u64 {
        match self {
            Self::WithYou => 0,
            Self::BeenThere => 1,
            Self::ThankYou => 2,
        }
    }

    /// Returns the one of this number. One that a later version added cannot be said here.
    fn from_number(number: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|says| says.number() == number)
    }
}

impl Gesture {
    /// Returns the body to be sealed for the author's devices.
    pub fn create(&self, device: DeviceId) -> Result<Body, Error> {
        let sets = [
            (STORY, Some(Value::bytes(self.to.as_bytes())?)),
            (SAYS, Some(Value::Uint(self.says.number()))),
        ];
        let (_, change) = Document::begin(device, Timestamp::default(), &sets)?;
        Body::new(Kind::Gesture, &[change])
    }

    /// Reads a gesture. Keys it does not know are passed over; it needs a story and something to say.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let to = document.bytes(STORY).ok_or(Error::Incomplete)?;
        let says = document.uint(SAYS).and_then(Says::from_number);
        Ok(Self {
            to: ThingId(to.try_into().map_err(|_| Error::Incomplete)?),
            says: says.ok_or(Error::Incomplete)?,
        })
    }
}
