//! A profile: how a person shows themselves in one circle. Keys: `n` name, see `name`; `g` what stands for
//! the words of the agreement that they agreed to last.

use super::{Body, Error, Kind, MAX_NAME, name};
use crate::bounded::Text;
use crate::document::{Document, Value};
use crate::id::{DeviceId, Hash};
use crate::time::Timestamp;

const AGREED: &str = "g";

/// How a person shows themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What the others call them.
    pub name: Text<MAX_NAME>,
    /// The [hash](super::agreement::hash) of the agreement's words that they agreed to last.
    pub agreed: Option<Hash>,
}

impl Profile {
    /// Returns the body that shares this profile.
    pub fn create(&self, device: DeviceId, time: Timestamp) -> Result<Body, Error> {
        let mut sets = self.sets()?;
        sets.retain(|(_, value)| value.is_some());
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
        let change = document.edit(device, time, &self.sets()?)?;
        change
            .map(|change| Body::new(Kind::Profile, &[change]))
            .transpose()
    }

    /// Reads a profile. Keys it does not know are passed over; without a name it is not one.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let agreed = document.bytes(AGREED);
        Ok(Self {
            name: name::read(document)?,
            agreed: agreed.and_then(|bytes| bytes.try_into().ok().map(Hash)),
        })
    }

    fn sets(&self) -> Result<Vec<(&'static str, Option<Value>)>, Error> {
        let agreed = self.agreed.map(|hash| Value::bytes(&hash.0)).transpose()?;
        Ok(vec![name::set(&self.name)?, (AGREED, agreed)])
    }
}
