//! A circle's agreement: a few plain sentences that its members write together. It is a
//! [text](crate::document::text): what two write apart is kept side by side.
//!
//! Any member may write it, so that it is the circle's and nobody's in particular. Who agrees to it says
//! so in their own profile, by the hash of the words they agreed to: other words are asked about anew.

use super::{Body, Error, Kind, MAX_TEXT, Write, clean_text, counting};
use crate::bounded::Text;
use crate::document::text::TextDocument;
use crate::id::{DeviceId, Hash, PersonId};
use crate::key;
use crate::time::Timestamp;

/// The longest agreement that is written, in bytes of UTF-8: two pages. What was written apart may come to
/// more together, and is shown.
pub const MAX_AGREEMENT: usize = 4096;

const WORDS: &str = "circlet 1 agreement";

/// An agreement as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The words; perhaps none, where everything was taken out again.
    pub text: String,
    /// The changes that nothing builds on: what an edit says it was made from.
    pub version: Vec<Hash>,
    /// The device that changed it last.
    pub changed_by: DeviceId,
    /// When that was, by its clock.
    pub changed: Timestamp,
    /// Whether nobody has changed it since it was begun.
    pub is_as_begun: bool,
}

impl Agreement {
    /// Returns the body that begins an agreement.
    pub fn create(text: &str, device: DeviceId, time: Timestamp) -> Result<Body, Error> {
        let text = clean_text::<MAX_AGREEMENT>(text)?;
        let (_, change) = TextDocument::begin(device, time, &text)?;
        Body::new(Kind::Agreement, &[change])
    }

    /// Returns the body that makes of the words that somebody saw the ones they wrote, on top of all that
    /// came meanwhile. `None` when they wrote nothing else than they saw.
    pub fn edit(
        document: &TextDocument,
        seen: &TextDocument,
        text: &str,
        device: DeviceId,
        time: Timestamp,
    ) -> Result<Option<Body>, Error> {
        let text = clean_text::<MAX_AGREEMENT>(text)?;
        if shown(&seen.text()?) == *text {
            return Ok(None);
        }
        let edited = document.edit(seen, &text, device, time)?;
        let body = edited.map(|(_, change)| Body::new(Kind::Agreement, &[change]));
        body.transpose()
    }

    /// Opens the text of an agreement from all that was written to it, in any order.
    pub fn open(creator: PersonId, writes: &[Write<'_>]) -> Result<TextDocument, Error> {
        let (kind, changes) = counting(creator, writes)?;
        if kind != Kind::Agreement {
            return Err(Error::Kind(kind.number()));
        }
        Ok(TextDocument::load(changes)?)
    }

    /// Reads an agreement.
    pub fn read(document: &TextDocument) -> Result<Self, Error> {
        let (changed_by, changed) = document.last().ok_or(Error::NotBegun)?;
        Ok(Self {
            text: shown(&document.text()?),
            version: document.heads(),
            changed_by,
            changed,
            is_as_begun: document.is_as_begun(),
        })
    }
}

/// Returns what stands for some words where somebody agrees to them.
pub fn hash(text: &str) -> Hash {
    Hash(key::hash(WORDS, text.as_bytes()))
}

/// Returns the words as they are shown: clean, and never longer than any text.
pub fn shown(text: &str) -> String {
    let text = text.replace('\0', "");
    let end = text.floor_char_boundary(MAX_TEXT);
    let text: Result<Text<MAX_TEXT>, Error> = clean_text(text.get(..end).unwrap_or_default());
    text.map(|text| text.to_string()).unwrap_or_default()
}
