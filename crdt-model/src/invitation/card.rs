//! The circle card: which circle, and where some of its members were last. It holds no secret: together
//! with the 24 words it brings a person back. And reading a key of whichever kind.

use super::text::{self, Error, KeyKind, Parts};
use super::{DeviceKey, InviteKey, InviteSecret, Part};
use crate::address::Address;
use crate::secrecy::hello::BeaconKey;
use crate::time::Day;
use core::fmt;
use zeroize::Zeroizing;

/// What a circle card says.
#[derive(Clone, PartialEq, Eq)]
pub struct Card {
    hint: [u8; 16],
    addresses: Vec<Address>,
}

/// A key or card of any kind.
#[derive(Clone, PartialEq, Eq)]
pub enum AnyKey {
    /// An invite key.
    Invite(InviteKey),
    /// A circle card.
    Card(Card),
    /// A device key.
    Device(DeviceKey),
}

impl From<InviteKey> for AnyKey {
    fn from(key: InviteKey) -> Self {
        Self::Invite(key)
    }
}

impl Card {
    /// Returns the card of the circle with this hint, with as many of the addresses, in their order, as
    /// its text has room for.
    pub fn new(hint: [u8; 16], addresses: &[Address]) -> Self {
        let parts = parts(hint, Vec::new()).with_addresses(addresses);
        Self {
            hint,
            addresses: parts.addresses,
        }
    }

    /// Returns the text to show.
    pub fn to_text(&self) -> String {
        text::write(&parts(self.hint, self.addresses.clone())).to_string()
    }
}

impl AnyKey {
    /// Reads a key as a person typed or pasted it.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let Parts {
            kind,
            circle_hint: hint,
            secret,
            addresses,
            ..
        } = text::read(text)?;
        let with = |secret: Option<InviteSecret>| secret.ok_or(Error::NotAKey);
        Ok(match kind {
            KeyKind::Part => return Err(Error::OtherKind(kind)),
            KeyKind::Card => Self::Card(Card { hint, addresses }),
            KeyKind::Device => Self::Device(DeviceKey::of_parts(hint, with(secret)?, addresses)),
            KeyKind::Invite => Self::Invite(InviteKey {
                circle_hint: hint,
                secret: with(secret)?,
                addresses,
            }),
        })
    }

    /// Returns the text to show.
    pub fn to_text(&self) -> Zeroizing<String> {
        match self {
            Self::Invite(key) => key.to_text(),
            Self::Card(card) => Zeroizing::new(card.to_text()),
            Self::Device(key) => key.to_text(),
        }
    }

    /// Returns what it is for.
    pub fn kind(&self) -> KeyKind {
        match self {
            Self::Invite(_) => KeyKind::Invite,
            Self::Card(_) => KeyKind::Card,
            Self::Device(_) => KeyKind::Device,
        }
    }

    /// Returns the part of the circle's id that it carries.
    pub fn hint(&self) -> [u8; 16] {
        match self {
            Self::Invite(key) => key.hint(),
            Self::Card(card) => card.hint,
            Self::Device(key) => key.hint(),
        }
    }

    /// Returns where somebody of the circle was last.
    pub fn addresses(&self) -> &[Address] {
        match self {
            Self::Invite(key) => key.addresses(),
            Self::Card(card) => &card.addresses,
            Self::Device(key) => key.addresses(),
        }
    }

    /// Returns the key of a day's beacons between its holder and a member; a card has none.
    pub fn beacon_key(&self, day: Day) -> Option<BeaconKey> {
        match self {
            Self::Invite(key) => Some(key.beacon_key(day)),
            Self::Card(_) => None,
            Self::Device(key) => Some(key.beacon_key(day)),
        }
    }
}

/// Reads any number of keys that stand one after the other, each perhaps over several lines.
pub fn keys_in(text: &str) -> Result<Vec<AnyKey>, Error> {
    let (keys, parts) = papers_in(text)?;
    if parts.is_empty() {
        Ok(keys)
    } else {
        Err(Error::OtherKind(KeyKind::Part))
    }
}

/// Reads any number of keys and of parts of the 24 words, in the same way.
pub fn papers_in(text: &str) -> Result<(Vec<AnyKey>, Vec<Part>), Error> {
    let (mut keys, mut parts) = (Vec::new(), Vec::new());
    let mut some = Zeroizing::new(String::new());
    let mut missing = Ok(());
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        some.push_str(line);
        some.push('\n');
        let read = match AnyKey::from_text(&some) {
            Err(Error::OtherKind(KeyKind::Part)) => Part::from_text(&some).map(|it| parts.push(it)),
            other => other.map(|key| keys.push(key)),
        };
        match read {
            Ok(()) => {
                some.clear();
                missing = Ok(());
            }
            // The rest of it may stand in the next line.
            Err(error @ Error::CutOff) => missing = Err(error),
            Err(error) => return Err(error),
        }
    }
    missing.map(|()| (keys, parts))
}

fn parts(circle_hint: [u8; 16], addresses: Vec<Address>) -> Parts {
    Parts {
        kind: KeyKind::Card,
        circle_hint,
        secret: None,
        share: None,
        addresses,
    }
}

impl fmt::Debug for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Card(..)")
    }
}

impl fmt::Debug for AnyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AnyKey::{:?}(..)", self.kind())
    }
}
