//! A circle's settings: what holds for it as a whole, written by its keepers. Keys: `n` name, `f` after
//! how many days stories fade, `q` whether it is told who took a story back.

use super::{Body, Error, Kind, MAX_NAME, name};
use crate::bounded::Text;
use crate::document::{Document, Value};
use crate::id::DeviceId;
use crate::time::Timestamp;

const FADE: &str = "f";
const TELLS: &str = "q";

/// What holds for the circle as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What the members call the circle.
    pub name: Text<MAX_NAME>,
    /// After how many days stories fade, unless whoever shares one says otherwise.
    pub fade: Option<u16>,
    /// Whether it is told who took a story back, where it was.
    pub tells: bool,
}

impl Settings {
    /// Returns the settings of a circle that begins.
    pub fn named(name: Text<MAX_NAME>) -> Self {
        Self {
            name,
            fade: None,
            tells: false,
        }
    }

    /// Returns the body that shares these settings.
    pub fn create(&self, device: DeviceId, time: Timestamp) -> Result<Body, Error> {
        let mut sets = self.sets()?;
        sets.retain(|(_, value)| value.is_some());
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
        let change = document.edit(device, time, &self.sets()?)?;
        change
            .map(|change| Body::new(Kind::Settings, &[change]))
            .transpose()
    }

    /// Reads settings. Keys it does not know are passed over; a circle has a name.
    pub fn read(document: &Document) -> Result<Self, Error> {
        let days = document.uint(FADE).and_then(|days| days.try_into().ok());
        Ok(Self {
            name: name::read(document)?,
            fade: days.filter(|days| *days > 0),
            tells: document.get(TELLS) == Some(&Value::Bool(true)),
        })
    }

    fn sets(&self) -> Result<Vec<(&'static str, Option<Value>)>, Error> {
        let fade = self.fade.map(|days| Value::Uint(days.into()));
        let tells = self.tells.then_some(Value::Bool(true));
        Ok(vec![name::set(&self.name)?, (FADE, fade), (TELLS, tells)])
    }
}
