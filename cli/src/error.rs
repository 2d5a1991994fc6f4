//! What a member is told when something could not be done: a sentence, what to do next, an exit code.

use circlet_node::problem::{Kind, Problem};
use serde::Serialize;

/// Why a command ended without doing what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    /// The exit code, one of the table below.
    #[serde(skip)]
    pub(crate) exit: u8,
    /// A short name for scripts.
    pub(crate) code: String,
    /// What happened, and what is safe.
    pub(crate) message: String,
    /// What to do next; empty when there is nothing to do.
    pub(crate) next: String,
    /// Whether the one line of `--json` was printed before, so that this belongs on stderr.
    #[serde(skip)]
    pub(crate) late: bool,
}

/// What a command returns.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// It could not be done.
const COULD_NOT: u8 = 1;
/// The command was not understood; clap's own code.
const USAGE: u8 = 2;
/// The member cancelled it.
const CANCELLED: u8 = 3;
/// A passphrase is needed.
const LOCKED: u8 = 4;
/// Circlet has to be running.
const NODE_NEEDED: u8 = 5;
/// No such thing here.
const NOT_FOUND: u8 = 6;
/// Ctrl-C, as shells count it.
const INTERRUPTED: u8 = 130;

/// Exit codes with what they mean, as `circlet help exit-codes` shows them.
pub(crate) const EXIT_CODES: [(u8, &str); 8] = [
    (0, "done"),
    (COULD_NOT, "it could not be done; the message says why"),
    (USAGE, "the command was not understood"),
    (CANCELLED, "you cancelled it"),
    (
        LOCKED,
        "Circlet is locked, or the passphrase given did not open it",
    ),
    (
        NODE_NEEDED,
        "Circlet has to be running for this, and it is not",
    ),
    (
        NOT_FOUND,
        "there is no such circle, story, invite or person here",
    ),
    (INTERRUPTED, "stopped with Ctrl-C"),
];

impl Failure {
    /// Returns a failure of the common kind.
    pub(crate) fn new(code: &str, message: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            exit: COULD_NOT,
            code: code.to_owned(),
            message: message.into(),
            next: next.into(),
            late: false,
        }
    }

    /// Returns the failure for a command that was not understood.
    pub(crate) fn usage(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            exit: USAGE,
            ..Self::new("usage", message, next)
        }
    }

    /// Returns the failure for something that its member broke off.
    pub(crate) fn cancelled(message: &str) -> Self {
        Self {
            exit: CANCELLED,
            ..Self::new("cancelled", message, "")
        }
    }

    /// Returns the failure for a passphrase that is needed and cannot be asked for here.
    pub(crate) fn needs_passphrase() -> Self {
        let failure = Self::new(
            "needs-passphrase",
            "Circlet is locked on this computer and needs your passphrase.",
            "Give it with `--passphrase-file FILE`, or run this in a terminal.",
        );
        Self {
            exit: LOCKED,
            ..failure
        }
    }

    /// Returns the failure for a node that did not come up.
    pub(crate) fn not_running(message: &str) -> Self {
        let failure = Self::new(
            "not-running",
            message,
            "`circlet doctor` looks at the usual causes.",
        );
        Self {
            exit: NODE_NEEDED,
            ..failure
        }
    }

    /// Returns the failure for something that is not here.
    pub(crate) fn not_found(message: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            exit: NOT_FOUND,
            ..Self::new("not-found", message, next)
        }
    }

    /// Returns the failure for something that this computer did not let us do.
    pub(crate) fn computer(what: &str, error: &std::io::Error) -> Self {
        Self::new(
            "computer",
            format!("{what}: {error}."),
            "Nothing was changed. `circlet doctor` looks at the usual causes.",
        )
    }

    /// Returns the failure for something that we did wrong.
    pub(crate) fn bug() -> Self {
        Problem::bug().into()
    }

    /// Returns the failure for Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self {
            exit: INTERRUPTED,
            ..Self::new("interrupted", "Stopped.", "")
        }
    }
}

/// For what the node asks back while it opens a home.
impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let kind = match failure.exit {
            LOCKED => Kind::Locked,
            NODE_NEEDED => Kind::NodeNeeded,
            NOT_FOUND => Kind::NotFound,
            _ => Kind::CouldNot,
        };
        Self {
            kind,
            code: failure.code.into(),
            message: failure.message,
            next: failure.next,
            named: Vec::new(),
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        let exit = match problem.code.as_ref() {
            // Somebody who was asked while a home was being opened.
            "interrupted" => INTERRUPTED,
            _ => problem.kind.exit_code(),
        };
        Self {
            exit,
            code: problem.code.into_owned(),
            message: problem.message,
            next: problem.next,
            late: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_is_in_the_table() {
        let kinds = [
            Kind::CouldNot,
            Kind::NotUnderstood,
            Kind::Locked,
            Kind::NodeNeeded,
            Kind::NotFound,
        ];
        for exit in kinds.map(Kind::exit_code) {
            assert!(EXIT_CODES.iter().any(|(known, _)| *known == exit), "{exit}");
        }
    }
}
