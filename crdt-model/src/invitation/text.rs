//! The text form of invite keys, circle cards, device keys and parts of the 24 words: groups of nine symbols
//! that a person can type and read aloud.
//!
//! ```text
//! payload = kind and version (1) ‖ groups (1) ‖ circle hint (16) ‖ secret (16; not in a card)
//!           ‖ addresses (7 or 19 each) ‖ padding (0xFF, at most 4) ‖ check (3)
//!           of a part: … ‖ set (16) ‖ share (34) ‖ padding ‖ check
//! kind    = the upper two bits: 0 an invite key, 1 a circle card, 2 a device key, 3 a part; below, the
//!           version
//! check   = first 3 bytes of hash("circlet 1 invite text", all before it)
//! text    = for every 5 bytes of the payload: 8 Crockford base32 symbols and one check symbol,
//!           joined by hyphens; `groups` says how many
//! ```
//!
//! The check symbol makes `s8 + a·s7 + a²·s6 + … + a⁸·s0 = 0` in GF(32) (x⁵ + x² + 1, `a` = x), with
//! s0 to s8 the group's symbols: any one changed symbol and any two that changed places show, and the
//! group can be named. The check at the end notices groups that changed places. Every kind and version
//! keeps this byte, groups and check where they are. At most 15 groups are 149 characters.
//!
//! Reading forgives: lower case, O for 0, I and L for 1, blanks, missing hyphens.

use super::{InviteSecret, MAX_ADDRESSES};
use crate::address::Address;
use crate::key;
use core::fmt;
use zeroize::Zeroizing;

/// The longest text in characters.
pub const MAX_TEXT: usize = MAX_GROUPS * (GROUP + 1) - 1;

const VERSION: u8 = 1;
/// The bits of the first byte that are the version.
const VERSIONS: u8 = 0x3f;
const MAX_GROUPS: usize = 15;
/// Symbols of a group, the check symbol included.
const GROUP: usize = 9;
/// Bytes in a group.
const BYTES: usize = 5;
const CHECK: usize = 3;
/// Kind and version, groups, circle hint.
const FIXED: usize = 2 + 16;
const SECRET: usize = 16;
/// Of a part: how many are needed, its number, and the share itself.
pub(super) const SHARE: usize = 2 + 32;
/// No address begins with it.
const PADDING: u8 = 0xff;
const DOMAIN: &str = "circlet 1 invite text";
const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// What is read at most, in bytes: a key, loosely spaced. More is something else.
const MAX_READ: usize = 1024;

/// A group as it was typed, to be shown to who typed it. Not shown by `Debug`: it is part of a secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Group(String);

/// What a text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// An invite key.
    Invite,
    /// A circle card.
    Card,
    /// A device key.
    Device,
    /// A part of the 24 words.
    Part,
}

/// What the text of a key says.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) kind: KeyKind,
    /// Of a part: its set.
    pub(super) circle_hint: [u8; 16],
    /// Of an invite key or a device key.
    pub(super) secret: Option<InviteSecret>,
    /// Of a part.
    pub(super) share: Option<Zeroizing<[u8; SHARE]>>,
    pub(super) addresses: Vec<Address>,
}

/// Why text is not the key that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing there.
    #[error("no invite key was given")]
    Empty,
    /// Groups are missing, most likely at the end.
    #[error("a part of the invite key is missing, most likely its end")]
    CutOff,
    /// One group is not as it was written.
    #[error("group {position} of the invite key is mistyped")]
    Mistyped {
        /// The group as it was typed.
        group: Group,
        /// Its place, from 1.
        position: usize,
    },
    /// Each group is right, but they do not belong together in this order.
    #[error("the groups of the invite key are in another order, or not of one key")]
    GroupsMixed,
    /// Made by a later version.
    #[error("the invite key has version {0}, which is not known here")]
    NewerVersion(u8),
    /// A key in order, but not for this.
    #[error("this is another kind of key")]
    OtherKind(KeyKind),
    /// Something else.
    #[error("not an invite key")]
    NotAKey,
}

impl Group {
    /// Returns the text, to be shown to the person who typed it and nowhere else.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl KeyKind {
    fn bits(self) -> u8 {
        match self {
            Self::Invite => 0,
            Self::Card => 1 << 6,
            Self::Device => 2 << 6,
            Self::Part => 3 << 6,
        }
    }

    fn of(byte: u8) -> Option<Self> {
        let kinds = [Self::Invite, Self::Card, Self::Device, Self::Part];
        kinds
            .into_iter()
            .find(|kind| kind.bits() == byte & !VERSIONS)
    }
}

impl Parts {
    /// Returns these parts with as many of the addresses, in their order, as the text has room for.
    pub(super) fn with_addresses(mut self, addresses: &[Address]) -> Self {
        for address in addresses {
            let is_new = !self.addresses.contains(address);
            if is_new && self.addresses.len() < MAX_ADDRESSES {
                self.addresses.push(*address);
                if !self.fits() {
                    self.addresses.pop();
                }
            }
        }
        self
    }

    /// Whether the text form has room for all addresses.
    fn fits(&self) -> bool {
        let addresses: usize = self
            .addresses
            .iter()
            .map(|address| address.to_bytes().len())
            .sum();
        let secret = self.secret.as_ref().map_or(0, |_| SECRET);
        FIXED + secret + addresses + CHECK <= MAX_GROUPS * BYTES
    }
}

/// Returns the text of a key.
pub(super) fn write(key: &Parts) -> Zeroizing<String> {
    let mut payload = Zeroizing::new(Vec::with_capacity(MAX_GROUPS * BYTES));
    payload.extend([key.kind.bits() | VERSION, 0]);
    payload.extend(key.circle_hint);
    if let Some(secret) = &key.secret {
        payload.extend(secret.0);
    }
    if let Some(share) = &key.share {
        payload.extend(share.iter());
    }
    for address in &key.addresses {
        payload.extend(address.to_bytes());
    }
    let length = (payload.len() + CHECK).next_multiple_of(BYTES);
    payload.resize(length - CHECK, PADDING);
    if let Some(groups) = payload.get_mut(1) {
        *groups = (length / BYTES) as u8;
    }
    let check = check(&payload);
    payload.extend(check);
    let mut text = Zeroizing::new(String::with_capacity(MAX_TEXT));
    for five in payload.as_chunks::<BYTES>().0 {
        if !text.is_empty() {
            text.push('-');
        }
        text.extend(to_symbols(*five).iter().filter_map(|value| symbol(*value)));
    }
    text
}

/// Reads what a person typed or pasted.
pub(super) fn read(text: &str) -> Result<Parts, Error> {
    if text.len() > MAX_READ {
        return Err(Error::NotAKey);
    }
    let groups = split(text);
    if groups.is_empty() {
        return Err(Error::Empty);
    }
    let payload = Zeroizing::new(decode(&groups)?);
    let Some((body, sum)) = payload.split_last_chunk::<CHECK>() else {
        return Err(Error::CutOff);
    };
    let (version, count) = match body {
        [version, count, ..] => (*version, usize::from(*count)),
        [] | [_] => return Err(Error::CutOff),
    };
    let kind = KeyKind::of(version);
    if check(body) != *sum {
        let begins_a_key = kind.is_some()
            && version & VERSIONS == VERSION
            && count <= MAX_GROUPS
            && groups.len() < count;
        return Err(if begins_a_key {
            Error::CutOff
        } else {
            Error::GroupsMixed
        });
    }
    match (kind, version & VERSIONS) {
        (Some(kind), VERSION) if count == groups.len() => parse(kind, body).ok_or(Error::NotAKey),
        (_, 0 | VERSION) => Err(Error::NotAKey),
        (_, newer) => Err(Error::NewerVersion(newer)),
    }
}

/// Splits text into groups: at hyphens and blanks if the pieces then look like groups, else by length.
fn split(text: &str) -> Vec<String> {
    let pieces: Vec<String> = text
        .split(|c: char| {
            c.is_whitespace() || "-\u{2010}\u{2011}\u{2012}\u{2013}\u{2014}".contains(c)
        })
        .filter(|piece| !piece.is_empty())
        .map(str::to_owned)
        .collect();
    let count = pieces.len();
    let near = |piece: &String| (GROUP - 2..=GROUP + 2).contains(&piece.chars().count());
    let grouped = match pieces.split_last() {
        Some((last, before)) => before.iter().all(near) && last.chars().count() <= GROUP + 2,
        None => true,
    };
    if grouped && count > 1 {
        return pieces;
    }
    let symbols: Vec<char> = pieces.iter().flat_map(|piece| piece.chars()).collect();
    symbols
        .chunks(GROUP)
        .map(|group| group.iter().collect())
        .collect()
}

/// Decodes all groups, or says which is not as it was written.
fn decode(groups: &[String]) -> Result<Vec<u8>, Error> {
    let decoded: Vec<Option<[u8; BYTES]>> =
        groups.iter().map(|group| from_symbols(group)).collect();
    let last = groups.len() - 1;
    let is_cut = |(index, group): (usize, &String)| {
        index == last && group.chars().count() < GROUP && group.chars().all(is_symbol)
    };
    let faulty = |index: usize| decoded.get(index).is_some_and(Option::is_none);
    let wrong = groups
        .iter()
        .enumerate()
        .filter(|(index, _)| faulty(*index));
    let wrong: Vec<(usize, &String)> = wrong.filter(|it| !is_cut(*it)).collect();
    match wrong.first() {
        Some((0, _)) if 2 * wrong.len() > groups.len() => return Err(Error::NotAKey),
        Some((index, group)) => {
            let group = Group((*group).clone());
            return Err(Error::Mistyped {
                group,
                position: index + 1,
            });
        }
        None => {}
    }
    let all: Option<Vec<[u8; BYTES]>> = decoded.into_iter().collect();
    all.map(|all| all.concat()).ok_or(Error::CutOff)
}

/// Reads what stands between version and check.
fn parse(kind: KeyKind, body: &[u8]) -> Option<Parts> {
    let (_, rest) = body.split_first_chunk::<2>()?;
    let (circle_hint, mut rest) = rest.split_first_chunk::<16>()?;
    let (mut secret, mut share) = (None, None);
    match kind {
        KeyKind::Card => {}
        KeyKind::Invite | KeyKind::Device => {
            let (bytes, after) = rest.split_first_chunk::<SECRET>()?;
            (secret, rest) = (Some(InviteSecret(*bytes)), after);
        }
        KeyKind::Part => {
            let (bytes, after) = rest.split_first_chunk::<SHARE>()?;
            (share, rest) = (Some(Zeroizing::new(*bytes)), after);
        }
    }
    let mut addresses = Vec::new();
    while rest.first().is_some_and(|byte| *byte != PADDING) {
        let (address, after) = Address::split(rest).ok()?;
        addresses.push(address);
        rest = after;
    }
    let padded = rest.len() < BYTES && rest.iter().all(|byte| *byte == PADDING);
    let key = Parts {
        kind,
        circle_hint: *circle_hint,
        secret,
        share,
        addresses,
    };
    (padded && key.addresses.len() <= MAX_ADDRESSES).then_some(key)
}

fn check(body: &[u8]) -> [u8; CHECK] {
    let [a, b, c, ..] = key::hash(DOMAIN, body);
    [a, b, c]
}

/// Returns the values of a group's nine symbols.
fn to_symbols(bytes: [u8; BYTES]) -> [u8; GROUP] {
    let bits = bytes
        .iter()
        .fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    let mut values = [0; GROUP];
    let mut sum = 0;
    for (place, value) in values.iter_mut().take(GROUP - 1).enumerate() {
        *value = (bits >> (35 - 5 * place) & 31) as u8;
        sum = times_a(sum) ^ *value;
    }
    if let Some(last) = values.last_mut() {
        *last = times_a(sum);
    }
    values
}

/// Returns the bytes of a group if it has nine symbols and its check symbol fits.
fn from_symbols(group: &str) -> Option<[u8; BYTES]> {
    let values: Vec<u8> = group.chars().map(value).collect::<Option<_>>()?;
    let sum = values.iter().fold(0, |sum, value| times_a(sum) ^ value);
    let (_, symbols) = values.split_last()?;
    if values.len() != GROUP || sum != 0 {
        return None;
    }
    let bits = symbols
        .iter()
        .fold(0_u64, |bits, value| bits << 5 | u64::from(*value));
    let [_, _, _, bytes @ ..] = bits.to_be_bytes();
    Some(bytes)
}

/// Multiplies by x in GF(32).
fn times_a(value: u8) -> u8 {
    let doubled = value << 1;
    if doubled & 32 == 0 {
        doubled
    } else {
        doubled ^ 0b10_0101
    }
}

fn symbol(value: u8) -> Option<char> {
    SYMBOLS
        .get(usize::from(value))
        .map(|symbol| char::from(*symbol))
}

fn value(symbol: char) -> Option<u8> {
    let symbol = match symbol.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    SYMBOLS
        .iter()
        .position(|it| char::from(*it) == symbol)
        .map(|place| place as u8)
}

fn is_symbol(symbol: char) -> bool {
    value(symbol).is_some()
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Group(..)")
    }
}
