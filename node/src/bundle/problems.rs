//! Why a bundle is not taken in, in words.

use crate::chunks;
use crate::new_file::out_of_reach;
use crate::problem::Problem;

pub(super) fn unreadable(error: chunks::Error) -> Problem {
    match error {
        chunks::Error::Damaged => damaged(),
        chunks::Error::Io(kind) => out_of_reach(kind),
    }
}

pub(super) fn no_bundle() -> Problem {
    Problem::new(
        "no-bundle",
        "This is not a file that `circlet export --bundle` wrote. Nothing was changed.",
        "Look whether it is the right one.",
    )
}

pub(super) fn foreign() -> Problem {
    Problem::new(
        "foreign-bundle",
        "This file is not for a circle on this computer, or you did not belong to the circle when it was \
         written. Nothing was changed.",
        "Ask whoever gave it to you which circle it is of. `circlet list` shows yours.",
    )
}

pub(super) fn damaged() -> Problem {
    Problem::new(
        "bundle-damaged",
        "This file is damaged, or only a part of it was copied. Nothing was changed.",
        "Copy it again, or ask for a new one.",
    )
}

pub(super) fn not_in_order() -> Problem {
    Problem::new(
        "bundle-not-in-order",
        "Something in this file is not as a member's Circlet writes it. What came before it was checked \
         and is here; the rest was left out.",
        "Tell whoever wrote it: their computer may need a look.",
    )
}

pub(super) fn too_large() -> Problem {
    Problem::new(
        "bundle-too-large",
        "This file is larger than what a circle shares. Nothing was changed.",
        "Ask whoever gave it to you for a new one.",
    )
}

pub(super) fn newer() -> Problem {
    Problem::new(
        "bundle-newer",
        "This file was written by a newer version of Circlet. Nothing was changed.",
        "Update Circlet on this computer, then try again.",
    )
}
