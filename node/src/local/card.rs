//! The crisis card: whom this member can call, what helps them, and what their circle agreed. They fill it in
//! themselves; Circlet ships no numbers, because nobody could vouch for them.

use super::Local;
use circlet_model::bounded::{List, Text};
use circlet_model::id::ThingId;
use circlet_model::store::{Batch, Error, Key, Space};
use circlet_model::time::Day;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most numbers to call at once, and the most people: the card is to fit on a sheet of paper.
pub const MAX_NUMBERS: usize = 8;

/// The longest name with a number.
pub const MAX_NUMBER: usize = 320;

/// The longest words on what helps, or on what was agreed.
pub const MAX_LINES: usize = 4096;

/// A crisis card.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// What to call when in danger.
    pub call: List<Number, MAX_NUMBERS>,
    /// The people to call.
    pub people: List<Number, MAX_NUMBERS>,
    /// What helps.
    pub helps: Text<MAX_LINES>,
    /// What the circle agreed, in this member's words.
    pub agreed: Text<MAX_LINES>,
}

/// A number to call.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    /// The number, with whose it is.
    pub what: Text<MAX_NUMBER>,
    /// The day on which somebody last checked it.
    pub checked: Option<Day>,
}

impl Card {
    /// Whether nothing stands on it.
    pub fn is_blank(&self) -> bool {
        *self == Self::default()
    }
}

impl Local<'_> {
    /// Returns the crisis card; a blank one where nobody filled it in.
    pub fn card(self) -> Result<Card, Error> {
        Ok(self.read(&key())?.unwrap_or_default())
    }

    /// Returns the changes that keep a crisis card; the one before is forgotten.
    pub fn keep_card(self, card: &Card, fresh: ThingId) -> Result<Batch, Error> {
        self.replace(key(), fresh, Some(card).filter(|card| !card.is_blank()))
    }
}

fn key() -> Key {
    Key::new(Space::Local, *b"card", [])
}

/// Shows nothing of it: it is for one person only.
impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card(..)")
    }
}

/// Shows nothing of it: it is for one person only.
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number(..)")
    }
}
