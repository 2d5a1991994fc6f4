//! What may be logged: our own targets, at the level that `CIRCLET_LOG` names, to stderr.
//!
//! Libraries log addresses, names and keys without knowing what they are; their targets never get
//! through, whatever the level.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// The variable that names the level.
pub const VARIABLE: &str = "CIRCLET_LOG";

/// What the targets of this project begin with.
const OURS: &str = "circlet";

/// Starts to log to stderr. A level that is not known, or none, means warnings and worse.
///
/// Does nothing when something in this program logs already.
pub fn init(level: Option<&str>) {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false);
    drop(
        tracing_subscriber::registry()
            .with(lines.with_filter(filter(level)))
            .try_init(),
    );
}

/// Returns what lets our own targets through at a level, and nothing else.
pub fn filter(level: Option<&str>) -> Targets {
    let level = level
        .and_then(|level| level.trim().parse().ok())
        .unwrap_or(LevelFilter::WARN);
    Targets::new().with_target(OURS, level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn only_our_targets_pass() {
        let filter = filter(Some("trace"));
        assert!(filter.would_enable("circlet_node::driver", &Level::TRACE));
        assert!(filter.would_enable("circlet", &Level::ERROR));
        for library in [
            "libp2p_swarm",
            "sled",
            "hyper",
            "quinn_proto",
            "axum",
            "libcirclet",
        ] {
            assert!(!filter.would_enable(library, &Level::ERROR), "{library}");
        }
    }

    #[test]
    fn warnings_unless_told() {
        for level in [None, Some("loud")] {
            assert!(filter(level).would_enable("circlet", &Level::WARN));
            assert!(!filter(level).would_enable("circlet", &Level::DEBUG));
        }
        assert!(!filter(Some("off")).would_enable("circlet", &Level::ERROR));
    }
}
