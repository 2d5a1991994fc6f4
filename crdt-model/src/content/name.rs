//! The register that holds a name, in the things that have one. Key: `n`.

use super::{Body, Error, Kind, MAX_NAME, clean_name};
use crate::bounded::Text;
use crate::document::{Document, Value};
use crate::id::DeviceId;
use crate::time::Timestamp;

const NAME: &str = "n";

/// Returns the body of a new thing of this kind and name.
pub(super) fn create(
    kind: Kind,
    name: &str,
    device: DeviceId,
    time: Timestamp,
) -> Result<Body, Error> {
    let (_, change) = Document::begin(device, time, &[set(name)?])?;
    Body::new(kind, &[change])
}

/// Returns the body that gives a thing of this kind another name; `None` when it has that name already.
pub(super) fn edit(
    kind: Kind,
    name: &str,
    document: &mut Document,
    device: DeviceId,
    time: Timestamp,
) -> Result<Option<Body>, Error> {
    let change = document.edit(device, time, &[set(name)?])?;
    change.map(|change| Body::new(kind, &[change])).transpose()
}

/// Reads a name; without one the thing is not whole.
pub(super) fn read(document: &Document) -> Result<Text<MAX_NAME>, Error> {
    clean_name(document.text(NAME).ok_or(Error::Incomplete)?)
}

/// Returns what sets a name.
pub(super) fn set(name: &str) -> Result<(&'static str, Option<Value>), Error> {
    Ok((NAME, Some(Value::text(&clean_name::<MAX_NAME>(name)?)?)))
}
