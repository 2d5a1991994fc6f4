//! Who appears in the vectors: keys from fixed seeds, one circle, one day.

use circlet_model::address::Address;
use circlet_model::id::{CircleId, DeviceId, PersonId};
use circlet_model::invitation::{DeviceKey, InviteKey, InviteSecret};
use circlet_model::key::{Secret, SigningKey};
use circlet_model::log::header::Origin;
use circlet_model::membership::act::{Newcomer, circle_id};
use circlet_model::secrecy::epoch::EpochKey;
use circlet_model::secrecy::kem;
use circlet_model::time::{Day, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// The moment of every vector.
pub(crate) const NOW: Timestamp = Timestamp(1_790_000_000_000);
/// The founding nonce.
pub(crate) const NONCE: [u8; 32] = [1; 32];

/// Returns the key whose seed is this byte, 32 times.
pub(crate) fn key(seed: u8) -> SigningKey {
    SigningKey::from_secret(&Secret([seed; 32]))
}

/// Ana's person key, who founds the circle.
pub(crate) fn ana() -> SigningKey {
    key(0x11)
}

/// Ana's device key.
pub(crate) fn ana_device() -> SigningKey {
    key(0x12)
}

/// Bo's person key, who joins.
pub(crate) fn bo() -> SigningKey {
    key(0x21)
}

/// Bo's device key.
pub(crate) fn bo_device() -> SigningKey {
    key(0x22)
}

/// Returns the KEM key of a suite from this byte, 32 times.
pub(crate) fn kem(suite: u8, seed: u8) -> kem::SecretKey {
    kem::SecretKey::derive(suite, &Secret([seed; 32])).unwrap()
}

/// The circle.
pub(crate) fn circle() -> CircleId {
    circle_id(&NONCE, ana_device().device())
}

/// The day of every vector.
pub(crate) fn today() -> Day {
    NOW.day()
}

/// The generator, from its fixed seed.
pub(crate) fn rng() -> ChaCha20Rng {
    ChaCha20Rng::from_seed([0x77; 32])
}

/// A commons key and a stories key.
pub(crate) fn epoch_keys() -> [EpochKey; 2] {
    [0x31, 0x32].map(|byte| EpochKey::from_secret(Secret([byte; 32])))
}

/// The invite's secret.
pub(crate) fn secret() -> InviteSecret {
    InviteSecret([0x41; 16])
}

/// The invite key, with an address of each kind.
pub(crate) fn invite() -> InviteKey {
    InviteKey::new(circle(), secret(), &addresses())
}

/// The device key, with the same secret and addresses.
pub(crate) fn device_key() -> DeviceKey {
    DeviceKey::new(circle().hint(), secret(), &addresses())
}

/// Two addresses from the ranges for documentation.
pub(crate) fn addresses() -> Vec<Address> {
    [
        "/ip4/192.0.2.1/udp/4001/quic-v1",
        "/ip6/2001:db8::1/tcp/4001",
    ]
    .map(|text| text.parse().unwrap())
    .to_vec()
}

/// Bo, as he presents himself; his KEM key is of this suite.
pub(crate) fn newcomer(suite: u8) -> Newcomer {
    let kem = kem(suite, 0x23).public().clone();
    let name = circlet_model::bounded::Text::new("Bo").unwrap();
    Newcomer::sign(circle(), &bo(), &bo_device(), kem, name)
}

/// The origin of a story of Ana's.
pub(crate) fn origin() -> Origin {
    Origin {
        creator: ana().person(),
        nonce: [0x51; 16],
    }
}

/// Ana and her device, as ids.
pub(crate) fn ana_ids() -> (PersonId, DeviceId) {
    (ana().person(), ana_device().device())
}
