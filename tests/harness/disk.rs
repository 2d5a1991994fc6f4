//! Disks that misbehave: processes that end at any moment, and power that is cut.
//!
//! A test calls its own binary again as a child that writes to a real home and acknowledges each
//! batch on its standard output. [`Child::cut`] ends the child with SIGKILL and returns what it
//! had acknowledged. With a [`PowerCut`], the child runs on a disk that keeps only what was synced:
//! `tests/crash/power.c`, preloaded, keeps a shadow of it, from which the home is then restored.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "this is test code"
)]

use std::fs;
use std::hint::spin_loop;
use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

/// What a line of acknowledgement starts with; the number of the batch follows.
pub const ACK: &str = "acknowledged ";

/// A child that writes until it is cut.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    lines: Lines<BufReader<ChildStdout>>,
    last: Option<u32>,
}

impl Child {
    /// Starts one test of this test binary as a child, with these variables set.
    pub fn start(test: &str, variables: &[(&str, &Path)]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args([test, "--exact", "--nocapture"])
            .stdout(Stdio::piped());
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let mut process = command.spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            process,
            lines,
            last: None,
        }
    }

    /// Waits for so many acknowledgements, then for some turns of an empty loop, and ends the child
    /// with SIGKILL. Returns the last batch that it acknowledged, if any.
    pub fn cut(mut self, after: u32, spins: u32) -> Option<u32> {
        for _ in 0..after {
            self.next_ack();
        }
        for _ in 0..spins {
            spin_loop();
        }
        self.process.kill().unwrap();
        // What it wrote into the pipe before its end counts, too.
        while self.next_ack() {}
        self.process.wait().unwrap();
        self.last
    }

    fn next_ack(&mut self) -> bool {
        for line in self.lines.by_ref() {
            // The end may have cut the last line: without its line feed it does not count.
            let Ok(line) = line else { return false };
            let Some(number) = line.strip_prefix(ACK) else {
                continue;
            };
            let Some(number) = number.strip_suffix('.') else {
                continue;
            };
            self.last = Some(number.parse().unwrap());
            return true;
        }
        false
    }
}

/// A disk for one folder, which keeps only what was synced.
#[derive(Debug)]
pub struct PowerCut {
    library: PathBuf,
    watched: PathBuf,
    shadow: PathBuf,
    forgetful: bool,
}

impl PowerCut {
    /// Builds the shim in `scratch`, to watch a folder. A `forgetful` disk also loses what was
    /// synced through a handle that cannot write: the sync that makes sled's flush durable.
    pub fn new(scratch: &Path, watched: &Path, forgetful: bool) -> Self {
        let library = scratch.join("power.so");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("crash/power.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-O1", "-o"])
            .args([&library, &source])
            .args(["-ldl", "-lpthread"])
            .status();
        assert!(built.unwrap().success(), "the shim did not build");
        let shadow = scratch.join("shadow");
        Self {
            library,
            watched: watched.to_owned(),
            shadow,
            forgetful,
        }
    }

    /// Takes what lies in the folder as durable, and returns the variables for a child.
    pub fn connect(&self) -> Vec<(&str, &Path)> {
        let _ = fs::remove_dir_all(&self.shadow);
        fs::create_dir_all(self.shadow.join("i")).unwrap();
        fs::create_dir_all(self.shadow.join("n")).unwrap();
        fs::create_dir_all(self.shadow.join("d")).unwrap();
        self.adopt(&self.watched);
        let mut variables = vec![
            ("LD_PRELOAD", self.library.as_path()),
            ("CIRCLET_WATCH", self.watched.as_path()),
            ("CIRCLET_SHADOW", self.shadow.as_path()),
        ];
        if self.forgetful {
            variables.push(("CIRCLET_FORGETFUL", Path::new("1")));
        }
        variables
    }

    /// Replaces what lies in the folder by what a power cut left of it.
    pub fn restore(&self) {
        fs::remove_dir_all(&self.watched).unwrap();
        fs::create_dir_all(&self.watched).unwrap();
        for entry in fs::read_dir(self.shadow.join("n")).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap().replace('|', "/");
            let path = self.watched.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::copy(entry.path(), path).unwrap();
        }
    }

    #[cfg(unix)]
    fn adopt(&self, folder: &Path) {
        use std::os::unix::fs::MetadataExt;
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&self.watched).unwrap().to_str().unwrap();
            let name = name.replace('/', "|");
            let inode = fs::metadata(&path).unwrap().ino().to_string();
            if path.is_dir() {
                std::os::unix::fs::symlink(name, self.shadow.join("d").join(inode)).unwrap();
                self.adopt(&path);
                continue;
            }
            fs::copy(&path, self.shadow.join("i").join(&inode)).unwrap();
            let link = self.shadow.join("n").join(name);
            std::os::unix::fs::symlink(Path::new("../i").join(inode), link).unwrap();
        }
    }
}

/// A small disk in memory, gone with the test that mounted it, in a namespace with `--mount`.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Mounts one with so many MiB.
    pub fn mount(at: &Path, room: u32) -> Self {
        let disk = Self(at.to_owned());
        disk.run(&format!("size={room}m"), &["-t", "tmpfs", "tmpfs"]);
        disk
    }

    /// Gives it so many MiB.
    pub fn resize(&self, room: u32) {
        self.run(&format!("remount,size={room}m"), &[]);
    }

    /// Writes a file that leaves so many bytes free.
    pub fn fill(&self, filler: &Path, left: u64) {
        let found = rustix::fs::statvfs(&self.0).unwrap();
        let free = found.f_bavail * found.f_frsize;
        let length = usize::try_from(free.saturating_sub(left)).unwrap();
        fs::write(filler, vec![1; length]).unwrap();
    }

    fn run(&self, options: &str, what: &[&str]) {
        let mut mount = Command::new("mount");
        mount.args(["-o", options]).args(what).arg(&self.0);
        assert!(mount.status().unwrap().success(), "no small disk");
    }
}

/// Copies a folder and what is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Returns whether any file in a folder holds these bytes.
pub fn any_file_holds(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return any_file_holds(&path, bytes);
        }
        fs::read(&path)
            .unwrap()
            .windows(bytes.len())
            .any(|window| window == bytes)
    })
}
