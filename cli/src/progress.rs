//! Saying that something goes on that takes longer than one expects: a line at a time, on stderr.

use crate::output::Printer;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;
use tokio::time::sleep;

/// Nobody wonders before.
const FIRST: Duration = Duration::from_millis(200);
/// How often more is said.
const AGAIN: Duration = Duration::from_secs(3);
/// Bytes of what is called a megabyte.
const MEGABYTE: u64 = 1_000_000;

/// Waits for some work; says what goes on, and how far the file has come that it writes.
pub(crate) async fn told<T>(
    printer: Printer,
    what: &str,
    file: Option<&Path>,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    let (mut wait, mut first) = (FIRST, true);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            () = sleep(wait) => {}
        }
        if first {
            printer.say(what);
        } else if let Some(size) = file.and_then(written) {
            printer.say(&format!("{} MB so far.", size / MEGABYTE));
        } else {
            printer.say("Still at it.");
        }
        (wait, first) = (AGAIN, false);
    }
}

/// Returns how much of a file is written that is still on its way to its place.
fn written(path: &Path) -> Option<u64> {
    let mut fresh = path.as_os_str().to_owned();
    fresh.push(".new");
    let size = std::fs::metadata(PathBuf::from(fresh)).ok()?.len();
    (size >= MEGABYTE).then_some(size)
}
