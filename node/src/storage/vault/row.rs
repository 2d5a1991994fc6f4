//! How one row of the model lies in the engine.
//!
//! ```text
//! key    space (1) ‖ hash of space and owner (16) ‖ order (of the shell's own rows: its hash (16))
//! value  1 ‖ nonce (24) ‖ sealed head
//!        2 ‖ nonce (24) ‖ length of the sealed head (4) ‖ sealed (thing (16) ‖ key id (8) ‖ head)
//!          ‖ body sealed under the thing's at-rest key
//!        3 ‖ nonce (24) ‖ length (4): a value of one of the other two, cut into pieces
//! piece  0xF2 ‖ hash of the key (16) ‖ number (2)
//! ```
//!
//! Hashes are BLAKE3 under a key of the store, so that they say nothing to who lacks it. Heads are
//! sealed under one key of the store. The first byte and the whole key are bound to what is sealed,
//! so that no row passes for another. One nonce serves head and body: they have different keys.

use super::super::{Error, MAX_ROW};
use super::things::{KEY_ID, ThingKey};
use crate::keystore::{NONCE, Secret};
use circlet_model::id::ThingId;
use circlet_model::store::{Key, Space};
use rand_core::CryptoRng;

/// The table of pieces.
pub(super) const PIECES: u8 = 0xf2;

/// What tags are hashed beside, so that none is the address of a row.
const TAGS: u8 = 0xfe;

/// How many bytes of a keyed hash stand in a key.
const HASH: usize = 16;

/// The longest value that is one row; longer ones are cut.
pub(super) const PIECE: usize = MAX_ROW;

/// The longest value there may be: it is held in memory whole, several times over.
const MAX_VALUE: usize = 16 * 1024 * 1024;

/// The longest owner and the longest order.
const MAX_ADDRESS: usize = 255;

const HEAD_ONLY: u8 = 1;
const WITH_BODY: u8 = 2;
const IN_PIECES: u8 = 3;

/// The keys of the store's rows.
#[derive(Debug)]
pub(super) struct RowKeys {
    heads: Secret,
    addresses: Secret,
}

/// A row whose head is open.
#[derive(Debug)]
pub(super) struct OpenRow<'a> {
    pub(super) head: Vec<u8>,
    pub(super) body: Option<SealedBody<'a>>,
}

/// A body that waits for its thing's key.
#[derive(Debug)]
pub(super) struct SealedBody<'a> {
    pub(super) thing: ThingId,
    pub(super) key_id: [u8; KEY_ID],
    nonce: &'a [u8; NONCE],
    sealed: &'a [u8],
}

impl RowKeys {
    /// Derives the keys from the master key.
    pub(super) fn new(master: &Secret) -> Self {
        Self {
            heads: master.derive("circlet 2026-11 at rest: heads of rows"),
            addresses: master.derive("circlet 2026-11 at rest: addresses of rows"),
        }
    }

    /// Returns what the keys of an owner's rows start with.
    pub(super) fn prefix(&self, space: Space, owner: &[u8]) -> Vec<u8> {
        self.hashed(space as u8, owner)
    }

    /// Returns the tag of a name.
    pub(super) fn tag(&self, name: &[u8]) -> [u8; HASH] {
        let hashed = self.hashed(TAGS, name);
        hashed.last_chunk().copied().unwrap_or_default()
    }

    /// Returns the key of a row.
    pub(super) fn key(&self, key: &Key) -> Result<Vec<u8>, Error> {
        if key.owner.len() > MAX_ADDRESS || key.order.len() > MAX_ADDRESS {
            return Err(Error::Io("an address is too long".to_owned()));
        }
        let mut bytes = self.prefix(key.space, &key.owner);
        if key.space == Space::Home {
            bytes.extend_from_slice(&self.tag(&key.order));
        } else {
            bytes.extend_from_slice(&key.order);
        }
        Ok(bytes)
    }

    /// Returns the key of a piece of a row.
    pub(super) fn piece(&self, key: &[u8], number: usize) -> Vec<u8> {
        let mut bytes = self.hashed(PIECES, key);
        bytes.extend_from_slice(&(number as u16).to_be_bytes());
        bytes
    }

    /// Seals a row.
    pub(super) fn seal(
        &self,
        key: &[u8],
        head: &[u8],
        body: Option<(&ThingId, &ThingKey, &[u8])>,
        rng: &mut impl CryptoRng,
    ) -> Result<Vec<u8>, Error> {
        let size = head.len() + body.map_or(0, |(_, _, bytes)| bytes.len());
        if size > MAX_VALUE {
            return Err(Error::Io("a row is too large".to_owned()));
        }
        let mut nonce = [0; NONCE];
        rng.fill_bytes(&mut nonce);
        // 96 bytes cover what sealing adds.
        let mut value = Vec::with_capacity(size + 96);
        let Some((thing, thing_key, bytes)) = body else {
            value.push(HEAD_ONLY);
            value.extend_from_slice(&nonce);
            self.heads
                .seal(&nonce, &bound(HEAD_ONLY, key), &[head], &mut value)?;
            return Ok(value);
        };
        let bound = bound(WITH_BODY, key);
        value.push(WITH_BODY);
        value.extend_from_slice(&nonce);
        value.extend_from_slice(&[0; 4]);
        let start = value.len();
        self.heads.seal(
            &nonce,
            &bound,
            &[thing.as_bytes(), &thing_key.id, head],
            &mut value,
        )?;
        let length = (value.len() - start) as u32;
        if let Some(place) = value.get_mut(start - 4..start) {
            place.copy_from_slice(&length.to_be_bytes());
        }
        thing_key.key.seal(&nonce, &bound, &[bytes], &mut value)?;
        Ok(value)
    }

    /// Opens the head of a row that is whole.
    pub(super) fn open<'a>(&self, key: &[u8], value: &'a [u8]) -> Result<OpenRow<'a>, Error> {
        self.try_open(key, value).ok_or_else(damaged)
    }

    fn try_open<'a>(&self, key: &[u8], value: &'a [u8]) -> Option<OpenRow<'a>> {
        let (kind, rest) = value.split_first()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE>()?;
        match *kind {
            HEAD_ONLY => {
                let head = self.heads.open(nonce, &bound(HEAD_ONLY, key), rest)?;
                Some(OpenRow { head, body: None })
            }
            WITH_BODY => {
                let (length, rest) = rest.split_first_chunk::<4>()?;
                let (head, sealed) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
                let head = self.heads.open(nonce, &bound(WITH_BODY, key), head)?;
                let (thing, head) = head.split_first_chunk::<{ ThingId::SIZE }>()?;
                let (key_id, head) = head.split_first_chunk::<KEY_ID>()?;
                let thing = ThingId(*thing);
                let body = Some(SealedBody {
                    thing,
                    key_id: *key_id,
                    nonce,
                    sealed,
                });
                Some(OpenRow {
                    head: head.to_vec(),
                    body,
                })
            }
            _ => None,
        }
    }

    fn hashed(&self, table: u8, name: &[u8]) -> Vec<u8> {
        let mut hasher = blake3::Hasher::new_keyed(self.addresses.as_bytes());
        hasher.update(&[table]).update(name);
        let mut bytes = Vec::with_capacity(1 + HASH + 32);
        bytes.push(table);
        bytes.extend(hasher.finalize().as_bytes().iter().take(HASH));
        bytes
    }
}

impl SealedBody<'_> {
    /// Opens the body with its thing's key.
    pub(super) fn open(&self, key: &[u8], thing_key: &ThingKey) -> Result<Vec<u8>, Error> {
        thing_key
            .key
            .open(self.nonce, &bound(WITH_BODY, key), self.sealed)
            .ok_or_else(damaged)
    }
}

/// Returns the range that finds whether a table has any row.
pub(super) fn any_of(table: u8) -> super::super::Range {
    let (from, to) = (vec![table], Some(vec![table + 1]));
    super::super::Range {
        from,
        to,
        backwards: false,
        limit: 1,
    }
}

/// Returns the row that stands for a value in pieces.
pub(super) fn in_pieces(length: usize, rng: &mut impl CryptoRng) -> Vec<u8> {
    let mut value = vec![IN_PIECES; 1 + NONCE];
    if let Some(nonce) = value.get_mut(1..) {
        rng.fill_bytes(nonce);
    }
    value.extend_from_slice(&(length as u32).to_be_bytes());
    value
}

/// Returns the length of a value in pieces, if it is one.
pub(super) fn length_in_pieces(value: &[u8]) -> Result<Option<usize>, Error> {
    if value.first() != Some(&IN_PIECES) {
        return Ok(None);
    }
    let length = value
        .get(1 + NONCE..)
        .and_then(|bytes| bytes.try_into().ok());
    let length = length.map(u32::from_be_bytes).ok_or_else(damaged)? as usize;
    if length > MAX_VALUE + PIECE {
        Err(damaged())
    } else {
        Ok(Some(length))
    }
}

/// Returns where a range of keys with a common start ends.
pub(super) fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=last)?.to_vec();
    if let Some(byte) = end.last_mut() {
        *byte += 1;
    }
    Some(end)
}

/// Says that a row is not as it was written.
pub(super) fn damaged() -> Error {
    Error::Damaged("it does not open".to_owned())
}

fn bound(kind: u8, key: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + key.len());
    bytes.push(kind);
    bytes.extend_from_slice(key);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    #[test]
    fn ranges_end_after_the_last_key_with_their_start() {
        assert_eq!(end_of(&[1, 2]), Some(vec![1, 3]));
        assert_eq!(end_of(&[1, 255, 255]), Some(vec![2]));
        assert_eq!(end_of(&[255]), None);
    }

    #[test]
    fn a_row_that_was_moved_cut_or_changed_does_not_open() {
        let keys = RowKeys::new(&Secret::from([1; 32]));
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let thing_key = ThingKey::new(Secret::from([2; 32]));
        let body = Some((&ThingId([3; 16]), &thing_key, &b"body"[..]));
        let value = keys.seal(b"here", b"head", body, &mut rng).unwrap();
        let opens = |key: &[u8], value: &[u8]| {
            let row = keys.open(key, value)?;
            let body = row
                .body
                .as_ref()
                .ok_or_else(damaged)?
                .open(key, &thing_key)?;
            Ok::<_, Error>((row.head, body))
        };
        assert_eq!(
            opens(b"here", &value).unwrap(),
            (b"head".to_vec(), b"body".to_vec())
        );
        assert!(opens(b"there", &value).is_err());
        for length in 0..value.len() {
            assert!(opens(b"here", &value[..length]).is_err(), "{length} bytes");
        }
        for index in 0..value.len() {
            let mut changed = value.clone();
            changed[index] ^= 1;
            assert!(opens(b"here", &changed).is_err(), "byte {index}");
        }
    }
}
