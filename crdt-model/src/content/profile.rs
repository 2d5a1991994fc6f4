//! A profile: how a person shows themselves in one circle. Its keys: see `name`.

use super::{Body, Error, Kind, MAX_NAME, name};
use crate::bounded::Text;
use crate::document::Document;
use crate::id::DeviceId;
use crate::time::Timestamp;

/// How a person shows themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What the others call them.
    pub name: Text<MAX_NAME>,
}

impl Profile {
    /// Returns the body that shares this profile.
    pub fn create(&self, device: DeviceId, time: Timestamp) -> Result<Body, Error> {
        name::create(Kind::Profile, &self.name, device, time)
    }

    /// Changes a known profile to this one. `None` when it is so already.
    pub fn edit(
        &self,
        document: &mut Document,
        device: DeviceId,
        time: Timestamp,
    ) -> Result<Option<Body>, Error> {
        name::edit(Kind::Profile, &self.name, document, device, time)
    }

    /// Reads a profile. Keys it does not know are passed over; without a name it is not one.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let name = name::read(document)?;
        Ok(Self { name })
    }
}
