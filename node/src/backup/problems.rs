//! Why a backup cannot be opened or read, in words.

use crate::chunks;
use crate::keystore;
use crate::new_file::out_of_reach;
use crate::problem::{Kind, Problem};

/// Says why a backup cannot be read to its end.
pub(super) fn unreadable(error: chunks::Error) -> Problem {
    match error {
        chunks::Error::Damaged => damaged(),
        chunks::Error::Io(kind) => out_of_reach(kind),
    }
}

/// Says why a backup does not open.
pub(super) fn locked(error: keystore::Error) -> Problem {
    match error {
        keystore::Error::Missing => Problem::new(
            "no-backup",
            "This file is not a backup of Circlet's. Nothing was changed.",
            "Look whether it is the right one; `circlet backup make FILE` makes one.",
        ),
        keystore::Error::Newer(_) => newer(),
        keystore::Error::Damaged(_) => damaged(),
        keystore::Error::WrongPassphrase => Problem::new(
            "wrong-passphrase",
            "This is not the passphrase that opens this backup. It is the one that the computer had \
             when the backup was made. Nothing was changed.",
            "Try again; capital letters matter. The 24 words open it too: `--words-file FILE`.",
        )
        .of(Kind::Locked),
        keystore::Error::WrongSeed => Problem::new(
            "other-words",
            "These are not the words of the person whose backup this is. Nothing was changed.",
            "Look whether the backup and the words belong together.",
        )
        .of(Kind::Locked),
        other @ (keystore::Error::Exists
        | keystore::Error::NeedsPassphrase
        | keystore::Error::NoMemory
        | keystore::Error::Full
        | keystore::Error::Io(_)) => other.into(),
    }
}

/// Returns the problem of a backup that no passphrase opens.
pub fn words_only() -> Problem {
    Problem::new(
        "words-only",
        "No passphrase opens this backup: the home it was made of had none. Your 24 words open it.",
        "Put the words into a file and add `--words-file FILE`.",
    )
    .of(Kind::Locked)
}

/// Returns the problem of a backup from a later version.
pub(super) fn newer() -> Problem {
    Problem::new(
        "backup-newer",
        "This backup was made by a newer version of Circlet. It is as safe as it was.",
        "Update Circlet on this computer, then try again.",
    )
}

/// Returns the problem of a backup that is not whole.
pub(super) fn damaged() -> Problem {
    Problem::new(
        "backup-damaged",
        "This backup is damaged, or only a part of it was written. Nothing was changed.",
        "Take another copy of it, if there is one; or come back with your 24 words and the circle's \
         card: `circlet restore --words-file FILE`.",
    )
}
