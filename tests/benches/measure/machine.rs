//! What the operating system knows of a process, a folder and the loopback interface. Linux only.

use std::fs;
use std::path::Path;
use std::time::Duration;

/// Returns the memory of a process that is in use now, in MB.
pub fn resident(process: u32) -> f64 {
    field(process, "VmRSS:")
}

/// Returns the most memory that a process ever used, in MB.
pub fn peak(process: u32) -> f64 {
    field(process, "VmHWM:")
}

fn field(process: u32, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or_default() * 1024.0 / 1e6
}

/// Returns how long a process has worked, in all its threads.
pub fn worked(process: u32) -> Duration {
    let threads = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanoseconds.sum())
}

/// Returns how many bytes and packets the loopback interface has carried.
pub fn loopback() -> (u64, u64) {
    let text = fs::read_to_string("/proc/net/dev").unwrap();
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("lo:"));
    let mut numbers = line.unwrap().split_whitespace().map(|n| n.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// Returns the bytes that a folder takes on the disk.
pub fn folder_bytes(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = fs::read_dir(folder).unwrap().flatten();
    let sizes = entries.map(|entry| {
        let path = entry.path();
        if path.is_dir() {
            folder_bytes(&path)
        } else {
            fs::metadata(&path).map_or(0, |meta| meta.blocks() * 512)
        }
    });
    sizes.sum()
}

/// Returns how many bytes this process has had written to disks so far.
pub fn written() -> u64 {
    let text = fs::read_to_string("/proc/self/io").unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("write_bytes:"));
    line.unwrap().trim().parse().unwrap()
}
