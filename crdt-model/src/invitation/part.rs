//! A part of somebody's 24 words: so many of one set are the words, and fewer say nothing of them.
//!
//! ```text
//! set   = 8 random bytes ‖ first 8 bytes of derive("circlet 1 set of parts", root seed, the random bytes)
//! share = how many are needed (1) ‖ its number (1) ‖ 32 bytes: a point of Shamir's scheme over GF(256)
//! ```
//!
//! The set tells parts of two splits apart, and whether what they yield is the root seed that was split. The
//! text form is that of `invitation/text.rs`. Source: Shamir, How to Share a Secret, 1979.

use super::text::{self, Error, KeyKind, Parts};
use crate::key::Secret;
use core::fmt;
use zeroize::Zeroizing;

/// The fewest parts that are needed together: one alone would be the words.
pub const MIN_NEEDED: u8 = 2;
/// The most parts of one set.
pub const MAX_PARTS: u8 = 16;

const SET: &str = "circlet 1 set of parts";
/// Random bytes of a set.
const SALT: usize = 8;

/// A part of the 24 words.
#[derive(Clone, PartialEq, Eq)]
pub struct Part {
    set: [u8; 16],
    needed: u8,
    number: u8,
    share: Secret,
}

impl Part {
    /// Returns the set of a root seed that is split, told apart from others by random bytes.
    pub fn set_of(seed: &Secret, salt: [u8; SALT]) -> [u8; 16] {
        let check = seed.derive(SET, &salt).0;
        let mut set = [0; 16];
        for (to, from) in set.iter_mut().zip(salt.into_iter().chain(check)) {
            *to = from;
        }
        set
    }

    /// Returns a part; `None` where fewer than [`MIN_NEEDED`] would do, or the number is none of
    /// 1 to [`MAX_PARTS`].
    pub fn new(set: [u8; 16], needed: u8, number: u8, share: Secret) -> Option<Self> {
        let numbers = 1..=MAX_PARTS;
        let fits = needed >= MIN_NEEDED && numbers.contains(&needed) && numbers.contains(&number);
        fits.then_some(Self {
            set,
            needed,
            number,
            share,
        })
    }

    /// Reads a part as a person typed or pasted it.
    pub fn from_text(text: &str) -> Result<Self, Error> {
        let parts = text::read(text)?;
        if parts.kind != KeyKind::Part {
            return Err(Error::OtherKind(parts.kind));
        }
        Self::of_parts(&parts).ok_or(Error::NotAKey)
    }

    pub(super) fn of_parts(parts: &Parts) -> Option<Self> {
        let ([needed, number], share) = parts.share.as_deref()?.split_first_chunk::<2>()?;
        let share = Secret(share.try_into().ok()?);
        Self::new(parts.circle_hint, *needed, *number, share)
    }

    /// Returns the text to show.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut share = Zeroizing::new([0; text::SHARE]);
        let bytes = [self.needed, self.number].into_iter().chain(self.share.0);
        for (to, from) in share.iter_mut().zip(bytes) {
            *to = from;
        }
        text::write(&Parts {
            kind: KeyKind::Part,
            circle_hint: self.set,
            secret: None,
            share: Some(share),
            addresses: Vec::new(),
        })
    }

    /// Returns what parts of one split have in common.
    pub fn set(&self) -> [u8; 16] {
        self.set
    }

    /// Returns how many parts of the set are needed.
    pub fn needed(&self) -> u8 {
        self.needed
    }

    /// Returns its place in the set, from 1.
    pub fn number(&self) -> u8 {
        self.number
    }

    /// Returns the point of the scheme at its number.
    pub fn share(&self) -> &Secret {
        &self.share
    }

    /// Whether a root seed is the one whose parts are of this set.
    pub fn is_of(&self, seed: &Secret) -> bool {
        let salt = self.set.first_chunk::<SALT>();
        salt.is_some_and(|salt| Self::set_of(seed, *salt) == self.set)
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Part(..)")
    }
}
