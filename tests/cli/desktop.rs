//! `circlet` alone: a short status and what can be done next; with a desktop there, the page opens too.

use super::command;
use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;

/// A computer with a terminal, and a browser that is a shell script.
struct Desktop {
    place: TempDir,
    ours: File,
    theirs: File,
}

impl Desktop {
    fn new() -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let theirs = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let place = tempfile::tempdir().unwrap();
        let browser = place.path().join("xdg-open");
        let opened = place.path().join("opened");
        let script = format!("#!/bin/sh\necho \"$1\" > {}\n", opened.display());
        std::fs::write(&browser, script).unwrap();
        std::fs::set_permissions(&browser, PermissionsExt::from_mode(0o700)).unwrap();
        Self {
            place,
            ours: ours.into(),
            theirs: theirs.into(),
        }
    }

    fn home(&self) -> PathBuf {
        self.place.path().join("home")
    }

    /// Runs `circlet` at the terminal, with a screen or without; returns what it says.
    fn run(&mut self, args: &[&str], screen: &str) -> String {
        let path = std::env::var("PATH").unwrap();
        let terminal = || Stdio::from(self.theirs.try_clone().unwrap());
        let mut command = command(&self.home());
        command
            .args(args)
            .env("PATH", format!("{}:{path}", self.place.path().display()))
            .env("DISPLAY", screen)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("SSH_CONNECTION")
            .stdin(terminal())
            .stdout(terminal())
            .stderr(terminal());
        assert!(command.status().unwrap().success());
        let mut said = [0; 4096];
        let length = self.ours.read(&mut said).unwrap();
        String::from_utf8_lossy(&said[..length]).into_owned()
    }

    /// Returns what the browser was given since the last time.
    fn opened(&self) -> Option<String> {
        let path = self.place.path().join("opened");
        let url = std::fs::read_to_string(&path).ok()?;
        std::fs::remove_file(&path).unwrap();
        Some(url)
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        // Where it did not come that far, there is nothing to stop.
        let _ = command(&self.home()).arg("stop").output();
    }
}

#[test]
fn circlet_alone_says_how_things_are_and_opens_the_page_where_there_is_a_screen() {
    let mut desk = Desktop::new();
    let said = desk.run(&[], "");
    assert!(said.contains("circlet open"), "{said}");
    assert_eq!(desk.opened(), None, "nobody would see it");
    let said = desk.run(&[], ":0");
    assert!(said.contains("Circlet is open in your browser."), "{said}");
    let url = desk.opened().unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    desk.run(&["--plain"], ":0");
    assert_eq!(desk.opened(), None, "plain text was asked for");
}
