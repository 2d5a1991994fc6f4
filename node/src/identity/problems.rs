//! What to tell a person when their home, its keys or their identity cannot be had.

use super::{Error, MAX_CIRCLES, set_up_already};
use crate::keystore;
use crate::problem::{Kind, Problem};
use circlet_model::codec;
use circlet_model::membership::act::MAX_NAME;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Keystore(error) => error.into(),
            Error::Missing => Self::not_set_up(),
            Error::Format(codec::Error::Version(version)) => {
                circlet_model::store::Error::Newer(version.into()).into()
            }
            Error::Format(_) => keystore::Error::Damaged("the identity").into(),
            Error::Name => Self::new(
                "name-length",
                format!("A name has at least one letter and at most {MAX_NAME} bytes."),
                "Try a shorter one.",
            ),
            Error::TooMany => Self::new(
                "too-many-circles",
                format!("This computer is in {MAX_CIRCLES} circles already, and that is the most."),
                "Set up Circlet in another folder (CIRCLET_HOME) for further ones.",
            ),
            Error::Key(_) => Self::bug(),
        }
    }
}

impl From<keystore::Error> for Problem {
    fn from(error: keystore::Error) -> Self {
        use circlet_model::store::Error as Store;
        match error {
            keystore::Error::Missing => Self::not_set_up(),
            keystore::Error::Exists => set_up_already(),
            keystore::Error::NeedsPassphrase => Self::new(
                "locked",
                "Circlet is locked on this computer: it opens with your passphrase.",
                "Give it with `--passphrase-file FILE`, or run this in a terminal and type it.",
            )
            .of(Kind::Locked),
            keystore::Error::WrongPassphrase => Self::new(
                "wrong-passphrase",
                "That passphrase didn't open it. Capital letters matter.",
                "Try again. With your 24 words you can choose another: \
                 `circlet passphrase --words-file FILE`.",
            )
            .of(Kind::Locked),
            keystore::Error::WrongSeed => Self::new(
                "wrong-words",
                "Those words didn't open it.",
                "Compare them with what you wrote down, in the same order.",
            )
            .of(Kind::Locked),
            keystore::Error::NoMemory => Self::new(
                "no-memory",
                "There is too little free memory on this computer to open Circlet.",
                "Close another program, then try again.",
            ),
            keystore::Error::Damaged(_) => Self::new(
                "keys-damaged",
                "A file that holds the keys of this home is damaged, so nothing here can be opened. The \
                 other members' computers still hold what was shared.",
                "Keep a copy of the folder before you change anything. In a fresh folder (CIRCLET_HOME), \
                 `circlet restore` brings you back with your 24 words.",
            ),
            keystore::Error::Newer(version) => Store::Newer(version).into(),
            keystore::Error::Full => Store::Full.into(),
            keystore::Error::Io(kind) => Store::Io(kind.to_string()).into(),
        }
    }
}

impl From<crate::home::Error> for Problem {
    fn from(error: crate::home::Error) -> Self {
        use crate::home::Error as Home;
        match error {
            Home::Busy => Self::new(
                "already-open",
                "Circlet is already open on this computer.",
                "Use that window, or run `circlet stop`.",
            ),
            Home::Nowhere => Self::new(
                "no-home",
                "Circlet doesn't know which folder to keep its files in.",
                "Set CIRCLET_HOME to a folder of yours.",
            ),
            Home::SocketPath { length, limit } => Self::new(
                "socket-path",
                format!(
                    "The path of Circlet's socket has {length} bytes, and this computer allows {limit}."
                ),
                "Set CIRCLET_SOCKET to a shorter path.",
            ),
            Home::Io(error) => keystore::Error::from(error).into(),
        }
    }
}
