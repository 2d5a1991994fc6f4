//! The box of a hello frame, and the keys of the LAN beacon: what opens only to circle or invite.
//!
//! ```text
//! frame      = nonce (24) ‖ XChaCha20-Poly1305(box key, nonce, associated, padded), k × 1,024 bytes
//! associated = (dialler's PeerId, listener's PeerId, direction)
//! box key    = derive("circlet 1 hello box, from an epoch", commons key)
//!              or derive("circlet 1 hello box, from an invite", invite)
//!              or derive("circlet 1 hello box, of a person", person, circle hint)
//!              or derive("circlet 1 hello box, of a device key", device key)
//! beacon key = derive("circlet 1 beacon, from an epoch", commons key, day), or from an invite
//! ```
//!
//! A frame carries no hint of its key: the listener tries those it has. The ids of the people are in the
//! graph alone, which only members see: who comes back by the recovery words is known by theirs.

use crate::codec;
use crate::id::{PeerId, PersonId};
use crate::key::{Rng, Secret};
use crate::secrecy::aead::{self, OVERHEAD};
use crate::secrecy::epoch::EpochKey;
use crate::time::Day;
use serde::{Deserialize, Serialize};

/// The largest frame in bytes.
pub const MAX_HELLO: usize = 64 * 1024;
/// Frames have a length that is a multiple of this.
pub const STEP: usize = 1024;
/// The most keys that are tried on one frame: of a device key, 64 invites, 16 recent epochs and 64
/// people.
pub const MAX_CANDIDATES: usize = 145;

const BOX: &str = "circlet 1 hello box, from an epoch";
const PERSON: &str = "circlet 1 hello box, of a person";
const BEACON: &str = "circlet 1 beacon, from an epoch";

/// A key that hello frames are sealed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxKey(pub Secret);

/// A key that the LAN beacons of one day are sealed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeaconKey(pub Secret);

/// Between whom a frame travels, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Who opened the connection.
    pub dialler: PeerId,
    /// Who was dialled.
    pub listener: PeerId,
    /// Which way the frame goes.
    pub direction: Direction,
}

/// Which way a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// From the dialler.
    Call,
    /// From the listener.
    Answer,
}

impl BoxKey {
    /// Returns the box key of an epoch, by its commons key.
    pub fn of_epoch(commons: &EpochKey) -> Self {
        Self(commons.secret().derive(BOX, b""))
    }

    /// Returns the box key of a person who comes back to the circle with this hint.
    pub fn of_person(person: PersonId, hint: &[u8; 16]) -> Self {
        Self(Secret(person.0).derive(PERSON, hint))
    }
}

impl BeaconKey {
    /// Returns the circle's beacon key of a day, by an epoch's commons key.
    pub fn of_epoch(commons: &EpochKey, day: Day) -> Self {
        Self(commons.secret().derive(BEACON, &codec::encode(&day)))
    }
}

/// Seals a frame; `None` when it would be larger than [`MAX_HELLO`].
pub fn seal_hello(
    key: &BoxKey,
    route: Route,
    plaintext: &[u8],
    rng: &mut Rng<'_>,
) -> Option<Vec<u8>> {
    let size = plaintext
        .len()
        .checked_add(OVERHEAD)?
        .next_multiple_of(STEP);
    if size > MAX_HELLO {
        return None;
    }
    aead::seal(
        &key.0,
        aead::nonce(rng),
        &codec::encode(&route),
        plaintext,
        size,
    )
}

/// Opens a frame with the first of at most [`MAX_CANDIDATES`] keys that fits; returns which it was.
pub fn open_hello<'a>(
    candidates: impl IntoIterator<Item = &'a BoxKey>,
    route: Route,
    frame: &[u8],
) -> Option<(usize, Vec<u8>)> {
    if frame.is_empty() || frame.len() > MAX_HELLO || !frame.len().is_multiple_of(STEP) {
        return None;
    }
    let associated = codec::encode(&route);
    candidates
        .into_iter()
        .take(MAX_CANDIDATES)
        .enumerate()
        .find_map(|(index, key)| {
            aead::open(&key.0, &associated, frame).map(|plaintext| (index, plaintext))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::EpochId;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    const ROUTE: Route = Route {
        dialler: PeerId([1; 32]),
        listener: PeerId([2; 32]),
        direction: Direction::Call,
    };

    fn key(number: u8) -> BoxKey {
        BoxKey::of_epoch(&EpochKey::from_secret(Secret([number; 32])))
    }

    fn rng() -> ChaCha20Rng {
        ChaCha20Rng::from_seed([1; 32])
    }

    proptest! {
        #[test]
        fn a_frame_opens_with_the_right_key_among_others(
            plaintext in proptest::collection::vec(any::<u8>(), 0..3000),
            place in 0_u8..160,
        ) {
            let frame = seal_hello(&key(place), ROUTE, &plaintext, &mut rng()).unwrap();
            prop_assert_eq!(frame.len() % STEP, 0);
            let keys: Vec<BoxKey> = (0..160).map(key).collect();
            let opened = open_hello(&keys, ROUTE, &frame);
            let tried = usize::from(place) < MAX_CANDIDATES;
            prop_assert_eq!(opened, tried.then(|| (usize::from(place), plaintext)));
        }

        #[test]
        fn any_bytes_are_opened_or_refused(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            steps in 0_usize..3,
        ) {
            let keys = [key(1)];
            prop_assert_eq!(open_hello(&keys, ROUTE, &bytes), None);
            let frame: Vec<u8> = bytes.iter().copied().cycle().take(steps * STEP).collect();
            prop_assert_eq!(open_hello(&keys, ROUTE, &frame), None);
        }
    }

    #[test]
    fn a_frame_is_bound_to_both_ends_and_the_direction() {
        let frame = seal_hello(&key(1), ROUTE, b"hello", &mut rng()).unwrap();
        let keys = [key(1)];
        assert!(open_hello(&keys, ROUTE, &frame).is_some());
        for other in [
            Route {
                dialler: PeerId([3; 32]),
                ..ROUTE
            },
            Route {
                listener: PeerId([3; 32]),
                ..ROUTE
            },
            Route {
                direction: Direction::Answer,
                ..ROUTE
            },
            Route {
                dialler: ROUTE.listener,
                listener: ROUTE.dialler,
                ..ROUTE
            },
        ] {
            assert_eq!(open_hello(&keys, other, &frame), None);
        }
    }

    #[test]
    fn a_frame_has_a_limit() {
        let longest = vec![0; MAX_HELLO - OVERHEAD];
        assert_eq!(
            seal_hello(&key(1), ROUTE, &longest, &mut rng())
                .unwrap()
                .len(),
            MAX_HELLO
        );
        let longer = vec![0; MAX_HELLO - OVERHEAD + 1];
        assert_eq!(seal_hello(&key(1), ROUTE, &longer, &mut rng()), None);
    }

    #[test]
    fn vectors() {
        let commons = EpochKey::from_secret(Secret([5; 32]));
        assert_eq!(
            EpochId(key(5).0.0).to_hex(),
            "c29b2a18e978fdf05275dbb928e8356412962e1327012a1067c1d712d6a2bbcf"
        );
        assert_eq!(
            EpochId(BeaconKey::of_epoch(&commons, Day(20_000)).0.0).to_hex(),
            "2512c02fdef860604130341935d118f6c35388d87096606232deaa5d1b61adc7"
        );
    }
}
