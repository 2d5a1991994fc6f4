//! A profile: how a person shows themselves in one circle. Key: `n` name.

use super::{Body, Error, Kind, MAX_NAME, clean_name};
use crate::bounded::Text;
use crate::document::{Document, Value};
use crate::id::DeviceId;
use crate::time::Timestamp;

const NAME: &str = "n";

/// How a person shows themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What the others call them.
    pub name: Text<MAX_NAME>,
}

impl Profile {
    /// Returns the body that shares this profile.
    pub fn create(&self, device: DeviceId, time: Timestamp) -> Result<Body, Error> {
        let sets = [(
            NAME,
            Some(Value::text(&clean_name::<MAX_NAME>(&self.name)?)?),
        )];
        let (_, change) = Document::begin(device, time, &sets)?;
        Body::new(Kind::Profile, &[change])
    }

    /// Changes a known profile to this one. `None` when it is so already.
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
            .map(|change| Body::new(Kind::Profile, &[change]))
            .transpose()
    }

    /// Reads a profile. Keys it does not know are passed over; without a name it is not one.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let name = document.text(NAME).ok_or(Error::Incomplete)?;
        Ok(Self {
            name: clean_name(name)?,
        })
    }
}
