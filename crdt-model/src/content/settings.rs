//! A circle's settings: what holds for it as a whole, written by its keepers. Key: `n` name.

use super::{Body, Error, Kind, MAX_NAME, clean_name};
use crate::bounded::Text;
use crate::document::{Document, Value};
use crate::id::DeviceId;
use crate::time::Timestamp;

const NAME: &str = "n";

/// What holds for the circle as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the members call the circle.
    pub name: Text<MAX_NAME>,
}

impl Settings {
    /// Returns the body that shares these settings.
    pub fn create(&self, device: DeviceId, time: Timestamp) -> Result<Body, Error> {
        let sets = [(
            NAME,
            Some(Value::text(&clean_name::<MAX_NAME>(&self.name)?)?),
        )];
        let (_, change) = Document::begin(device, time, &sets)?;
        Body::new(Kind::Settings, &[change])
    }

    /// Changes known settings to these. `None` when they are so already.
    pub fn edit(
        &self,
        document: &mut Document,
        device: DeviceId,
        time: Timestamp,
    ) -> Result<Option<Body>, Error> {
        let sets = [(
            NAME,
            Some(Value::text(&clean_name::<MAX_NAME>(&self.name)?)?),
        )];
        let change = document.edit(device, time, &sets)?;
        change
            .map(|change| Body::new(Kind::Settings, &[change]))
            .transpose()
    }

    /// Reads settings. Keys it does not know are passed over; a circle has a name.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let name = document.text(NAME).ok_or(Error::Incomplete)?;
        Ok(Self {
            name: clean_name(name)?,
        })
    }
}
