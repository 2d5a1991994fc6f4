//! Every decoder of bytes from outside, by name: the fuzz targets and the property test run these.
//!
//! A decoder passes when it returns; what it returns does not matter unless it says so here. To add
//! one: a row in [`DECODERS`] and a line under `bin` in `Cargo.toml`. A crash that the fuzzer finds
//! goes into `crashers/NAME/` and is run by the property test from then on.

use circlet_model::id::CircleId;

/// A decoder under test: takes any bytes, returns or panics.
pub(crate) type Decoder = fn(&[u8]);

/// The decoders, by the name of their fuzz target.
pub(crate) const DECODERS: &[(&str, Decoder)] = &[("ids", ids)];

/// Reads an id from its full form; what parses comes back the same when it is shown and read again.
fn ids(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some(id) = CircleId::from_hex(text) {
        assert_eq!(CircleId::from_hex(&id.to_hex()), Some(id));
    }
}
