//! Tests that need a disk or a network of their own: they run again in a namespace, which needs no rights.

use std::process::Command;

/// Set where a test runs in namespaces of its own.
const INSIDE: &str = "CIRCLET_INSIDE";

/// Runs one test of this test binary again in namespaces of these kinds (`--mount`, `--net`). Returns
/// whether this is that run; the first one only waits for it.
pub fn is_here(test: &str, kinds: &[&str]) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let inside = Command::new("unshare")
        .args(["--user", "--map-root-user"])
        .args(kinds)
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .env(INSIDE, "1")
        .status();
    let ended = inside.expect("`unshare` (util-linux) is needed");
    assert!(ended.success(), "in a namespace of its own: {ended}");
    false
}
