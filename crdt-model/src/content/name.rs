//! The register that holds a name, in the things that have one. Key: `n`.

use super::{Error, MAX_NAME, clean_name};
use crate::bounded::Text;
use crate::document::{Document, Value};

const NAME: &str = "n";

/// Reads a name; without one the thing is not whole.
pub(super) fn read(document: &Document) -> Result<Text<MAX_NAME>, Error> {
    clean_name(document.text(NAME).ok_or(Error::Incomplete)?)
}

/// Returns what sets a name.
pub(super) fn set(name: &str) -> Result<(&'static str, Option<Value>), Error> {
    Ok((NAME, Some(Value::text(&clean_name::<MAX_NAME>(name)?)?)))
}
