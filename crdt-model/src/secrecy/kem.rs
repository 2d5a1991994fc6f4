//! HPKE (RFC 9180): the one way keys travel to a device.
//!
//! Suite 2 is X-Wing (ML-KEM-768 with X25519), HKDF-SHA256, ChaCha20-Poly1305; suite 1 is
//! X25519 in its place. The suite byte stands before every key.

use crate::bounded::Bytes;
use serde::{Deserialize, Serialize};

/// A device's public KEM key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// 1 = X25519, 2 = X-Wing.
    pub suite: u8,
    /// 32 bytes in suite 1, 1,216 in suite 2.
    pub bytes: Bytes<1216>,
}
