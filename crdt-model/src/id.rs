//! The names of things: fixed-size, compared as bytes, shown in short form.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Defines a byte-array newtype whose `Debug` shows four bytes only.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $size:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
        pub struct $name(pub [u8; $size]);

        impl $name {
            /// The size in bytes.
            pub const SIZE: usize = $size;

            /// Returns the bytes.
            pub fn as_bytes(&self) -> &[u8; $size] {
                &self.0
            }

            /// Returns the full form: lower-case hexadecimal.
            pub fn to_hex(&self) -> String {
                self.0.iter().map(|byte| format!("{byte:02x}")).collect()
            }

            /// Parses the full form.
            pub fn from_hex(text: &str) -> Option<Self> {
                if text.len() != 2 * $size || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return None;
                }
                let mut bytes = [0; $size];
                for (index, byte) in bytes.iter_mut().enumerate() {
                    *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
                }
                Some(Self(bytes))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "("))?;
                for byte in self.0.iter().take(4) {
                    write!(f, "{byte:02x}")?;
                }
                write!(f, ")")
            }
        }

        impl From<[u8; $size]> for $name {
            fn from(bytes: [u8; $size]) -> Self {
                Self(bytes)
            }
        }
    };
}

id!(
    /// A circle: hash of the founder's device key and a nonce.
    CircleId, 32
);
id!(
    /// A person in one circle: their Ed25519 person verifying key there.
    PersonId, 32
);
id!(
    /// A device in one circle: its Ed25519 verifying key.
    DeviceId, 32
);
id!(
    /// A node as the transport knows it: the raw Ed25519 public key behind a libp2p `PeerId`.
    PeerId, 32
);
id!(
    /// An invite: the Ed25519 verifying key derived from its secret.
    InviteId, 32
);
id!(
    /// An act: hash of its canonical bytes.
    ActId, 32
);
id!(
    /// An entry: hash of its header.
    EntryId, 32
);
id!(
    /// A key of one epoch and class: a hash that commits to it.
    EpochId, 32
);
id!(
    /// A thing: truncated hash of circle, creator and nonce.
    ThingId, 16
);

impl CircleId {
    /// Returns the part of the id that an invite key carries: its first 16 bytes.
    pub fn hint(&self) -> [u8; 16] {
        let [hint @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _] = self.0;
        hint
    }
}

id!(
    /// A plain BLAKE3 hash of something else: a sealed body, a wrap table.
    Hash, 32
);

impl Hash {
    /// Returns the BLAKE3 hash of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}
