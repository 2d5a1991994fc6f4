//! A circle's settings: what holds for it as a whole, written by its keepers. Their keys: see `name`.

use super::{Body, Error, Kind, MAX_NAME, name};
use crate::bounded::Text;
use crate::document::Document;
use crate::id::DeviceId;
use crate::time::Timestamp;

/// What holds for the circle as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the members call the circle.
    pub name: Text<MAX_NAME>,
}

impl Settings {
    /// Returns the body that shares these settings.
    pub fn create(&self, device: DeviceId, time: Timestamp) -> Result<Body, Error> {
        name::create(Kind::Settings, &self.name, device, time)
    }

    /// Changes known settings to these. `None` when they are so already.
    pub fn edit(
        &self,
        document: &mut Document,
        device: DeviceId,
        time: Timestamp,
    ) -> Result<Option<Body>, Error> {
        name::edit(Kind::Settings, &self.name, document, device, time)
    }

    /// Reads settings. Keys it does not know are passed over; a circle has a name.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let name = name::read(document)?;
        Ok(Self { name })
    }
}
