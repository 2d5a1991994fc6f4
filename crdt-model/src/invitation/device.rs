//! The device key: what another computer needs to become a further device of a person.
//!
//! ```text
//! base       = hash("circlet 1 device key", secret ‖ circle hint)
//! box key    = derive("circlet 1 hello box, of a device key", base)
//! beacon key = derive("circlet 1 beacon, of a device key", base, day)
//! ```
//!
//! Unlike an invite's, its secret is in no graph: only the device that made it knows it.

use super::InviteSecret;
use super::text::{self, KeyKind, Parts};
use crate::address::Address;
use crate::codec;
use crate::key::{self, Secret};
use crate::secrecy::hello::{BeaconKey, BoxKey};
use crate::time::Day;
use core::fmt;
use zeroize::Zeroizing;

const BASE: &str = "circlet 1 device key";
const BOX: &str = "circlet 1 hello box, of a device key";
const BEACON: &str = "circlet 1 beacon, of a device key";

/// What a device key says.
#[derive(Clone, PartialEq, Eq)]
pub struct DeviceKey {
    hint: [u8; 16],
    secret: InviteSecret,
    addresses: Vec<Address>,
}

impl DeviceKey {
    /// Returns the device key for the circle with this hint, with as many of the addresses, in their
    /// order, as its text has room for.
    pub fn new(hint: [u8; 16], secret: InviteSecret, addresses: &[Address]) -> Self {
        let parts = Self::of_parts(hint, secret.clone(), Vec::new()).parts();
        Self::of_parts(hint, secret, parts.with_addresses(addresses).addresses)
    }

    pub(super) fn of_parts(hint: [u8; 16], secret: InviteSecret, addresses: Vec<Address>) -> Self {
        Self {
            hint,
            secret,
            addresses,
        }
    }

    /// Returns the text to show, also as a QR code: it is secret until it is used.
    pub fn to_text(&self) -> Zeroizing<String> {
        text::write(&self.parts())
    }

    /// Returns the part of the circle's id that it carries.
    pub fn hint(&self) -> [u8; 16] {
        self.hint
    }

    /// Returns where the device that made it was last.
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// Returns the key of hello frames between its holder and the device that made it.
    pub fn box_key(&self) -> BoxKey {
        BoxKey(self.base().derive(BOX, b""))
    }

    /// Returns the key of a day's beacons between the two.
    pub fn beacon_key(&self, day: Day) -> BeaconKey {
        BeaconKey(self.base().derive(BEACON, &codec::encode(&day)))
    }

    fn base(&self) -> Secret {
        let bytes = Zeroizing::new([self.secret.0, self.hint].concat());
        Secret(key::hash(BASE, &bytes))
    }

    fn parts(&self) -> Parts {
        Parts {
            kind: KeyKind::Device,
            circle_hint: self.hint,
            secret: Some(self.secret.clone()),
            share: None,
            addresses: self.addresses.clone(),
        }
    }
}

impl fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeviceKey(..)")
    }
}
