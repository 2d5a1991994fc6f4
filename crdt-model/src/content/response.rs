//! A response: words to the person who shared a story. Keys: `t` text, `s` the story it is to.

use super::{Body, Error, Kind, MAX_TEXT, clean_text};
use crate::bounded::Text;
use crate::document::{Document, Value};
use crate::id::{DeviceId, ThingId};
use crate::time::Timestamp;

const TEXT: &str = "t";
const STORY: &str = "s";

/// A response to a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The story.
    pub to: ThingId,
    /// The words.
    pub text: Text<MAX_TEXT>,
    /// When it was written, as its writer's device says.
    pub written: Timestamp,
}

impl Response {
    /// Returns the body that shares this response.
    pub fn create(&self, device: DeviceId) -> Result<Body, Error> {
        let sets = [
            (STORY, Some(Value::bytes(self.to.as_bytes())?)),
            (
                TEXT,
                Some(Value::text(&clean_text::<MAX_TEXT>(&self.text)?)?),
            ),
        ];
        let (_, change) = Document::begin(device, self.written, &sets)?;
        Body::new(Kind::Response, &[change])
    }

    /// Returns the story that a body answers, or that a gesture is on, without making a document of it.
    pub fn story_of(body: &Body, device: DeviceId) -> Option<ThingId> {
        let changes = body.check(device).ok()?;
        let story = changes.iter().find_map(|change| change.bytes(STORY))?;
        Some(ThingId(story.try_into().ok()?))
    }

    /// Reads a response. Keys it does not know are passed over; it needs words and a story.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let text = document.text(TEXT).ok_or(Error::Incomplete)?;
        let to = document.bytes(STORY).ok_or(Error::Incomplete)?;
        Ok(Self {
            to: ThingId(to.try_into().map_err(|_| Error::Incomplete)?),
            text: clean_text(text)?,
            written: document.begun(),
        })
    }
}
