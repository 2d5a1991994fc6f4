//! Lines of results, for people and for a table.

use std::time::Duration;

/// One line of results.
pub struct Line {
    text: String,
}

impl Line {
    /// Begins a line: what was measured, with how many stories.
    pub fn new(name: &str, stories: usize) -> Self {
        Self {
            text: format!("{stories:>7}  {name}:"),
        }
    }

    /// Adds a value.
    pub fn value(mut self, name: &str, value: impl AsRef<str>) -> Self {
        let comma = if self.text.ends_with(':') { "" } else { "," };
        let space = if name.is_empty() { "" } else { " " };
        self.text += &format!("{comma}{space}{name} {}", value.as_ref());
        self
    }

    /// Prints it.
    pub fn print(self) {
        println!("{}", self.text);
    }
}

/// Shows a time.
pub fn milliseconds(time: Duration) -> String {
    let time = time.as_secs_f64() * 1000.0;
    if time < 10.0 {
        format!("{time:.2} ms")
    } else if time < 10_000.0 {
        format!("{time:.0} ms")
    } else {
        format!("{:.1} s", time / 1000.0)
    }
}

/// Shows a size.
pub fn kilobytes(bytes: usize) -> String {
    if bytes < 10_000_000 {
        format!("{:.1} kB", bytes as f64 / 1e3)
    } else {
        format!("{:.1} MB", bytes as f64 / 1e6)
    }
}

/// Shows a ratio.
pub fn ratio(value: f64, to: f64) -> String {
    format!("{:.2}", value / to)
}

/// Returns the time below which so many of a hundred lie.
pub fn percentile(times: &mut [Duration], hundredth: usize) -> Duration {
    times.sort_unstable();
    let at = (times.len() * hundredth / 100).min(times.len() - 1);
    times[at]
}
