//! Points in time that the model is told, never asks for.

use core::time::Duration;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01 UTC, as some clock said. Clocks jump: nothing rests on it alone.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Timestamp(pub u64);

impl Timestamp {
    /// Returns the time a while later, at most the end of time.
    pub fn after(self, wait: Duration) -> Self {
        Self(
            self.0
                .saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
        )
    }

    /// Returns how long ago `earlier` was; zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// Returns the day this falls on, in UTC.
    pub fn day(self) -> Day {
        Day(u32::try_from(self.0 / Day::MILLIS).unwrap_or(u32::MAX))
    }
}

/// Days since 1970-01-01 UTC. Zero stands for "none" where a format says so.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Day(pub u32);

impl Day {
    /// The length of a day in milliseconds.
    pub const MILLIS: u64 = 24 * 60 * 60 * 1000;

    /// Whether what lasts to the end of this day is over; day zero stands for ever.
    pub fn is_over(self, today: Self) -> bool {
        self.0 != 0 && self < today
    }

    /// Returns the day so many days later.
    pub fn plus(self, days: u32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Returns the day so many days earlier, at least day zero.
    pub fn minus(self, days: u32) -> Self {
        Self(self.0.saturating_sub(days))
    }

    /// Returns the first moment of this day.
    pub fn start(self) -> Timestamp {
        Timestamp(u64::from(self.0) * Self::MILLIS)
    }
}
