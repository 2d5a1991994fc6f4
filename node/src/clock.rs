//! The one place that reads the clock.

use circlet_model::time::Timestamp;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// How far the clock may part from the time that passed before it counts as a jump: far more than a
/// clock drifts between two looks, far less than a nap.
const JUMP: Duration = Duration::from_secs(20);

/// This computer's clock, as the node sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    ahead: i64,
}

/// Notices that the computer slept or that its clock was set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watch {
    clock: Clock,
    said: Timestamp,
    passed: Instant,
}

impl Clock {
    /// Returns a clock that goes so many milliseconds ahead of this computer's (or behind it), for
    /// tests of circles whose clocks differ.
    pub fn ahead_by(milliseconds: i64) -> Self {
        Self {
            ahead: milliseconds,
        }
    }

    /// Returns the time now.
    pub fn now(self) -> Timestamp {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        Timestamp(now.saturating_add_signed(self.ahead))
    }
}

impl Watch {
    /// Begins to watch a clock.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            clock,
            said: clock.now(),
            passed: Instant::now(),
        }
    }

    /// Says whether the clock jumped since the last look.
    pub(crate) fn jumped(&mut self) -> bool {
        let earlier = *self;
        *self = Self::new(self.clock);
        let passed = self.passed.duration_since(earlier.passed);
        let said = self.said.since(earlier.said);
        said.abs_diff(passed) > JUMP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shifted_clock_is_a_day_off() {
        let day = 24 * 60 * 60 * 1000;
        let ahead = Clock::ahead_by(day).now().since(Clock::default().now());
        assert!(ahead >= Duration::from_hours(23));
        assert_eq!(Clock::ahead_by(i64::MIN).now(), Timestamp(0));
    }

    #[test]
    fn a_jump_is_noticed_once() {
        let mut watch = Watch::new(Clock::default());
        assert!(!watch.jumped());
        watch.said = Timestamp(watch.said.0 - 60_000);
        assert!(watch.jumped());
        assert!(!watch.jumped());
    }
}
