//! Computers of people: a home in a folder of its own, the commands of `circlet` as processes, and the
//! node as a real one on loopback.
//!
//! Nothing sleeps to be on the safe side: a node is ready when it says so on stdout, and what comes
//! about by itself is asked for again and again until a deadline. Every process is ended on drop.

pub use crate::answer::{Refused, list, members, one_line, refusal, text};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::thread::sleep;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take on a slow and busy computer: less than a test may run.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// The pause between two looks.
const LOOK: Duration = Duration::from_millis(50);

/// Where nodes listen unless told: on this computer only, on any port that is free.
pub const LISTEN: [&str; 2] = ["/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"];

/// A computer with one home and at most one node.
#[derive(Debug)]
pub struct Computer {
    program: PathBuf,
    folder: TempDir,
    home: PathBuf,
    variables: Vec<(String, String)>,
    everywhere: Vec<String>,
    /// The network namespace it lives in; none = the one of the test.
    house: Option<String>,
    node: Option<Child>,
}

impl Computer {
    /// Returns a computer on which nothing was set up.
    pub fn bare(program: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("circlet-")
            .tempdir()
            .unwrap();
        Self {
            program: program.into(),
            home: folder.path().join("home"),
            folder,
            variables: Vec::new(),
            everywhere: Vec::new(),
            house: None,
            node: None,
        }
    }

    /// Returns a computer on which somebody set Circlet up, without a passphrase.
    pub fn of(program: &str, name: &str) -> Self {
        let computer = Self::bare(program);
        computer.data(&["setup", "--name", name, "--no-passphrase"]);
        computer
    }

    /// Sets a variable for every later command and node.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Takes back all that was set.
    pub fn unset(&mut self) {
        self.variables.clear();
    }

    /// Adds arguments to every later command and node.
    pub fn always(&mut self, args: &[&str]) {
        self.everywhere = args.iter().map(|&arg| arg.to_owned()).collect();
    }

    /// Returns the folder around the home.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the home.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Moves the home to another folder, before anything is in it.
    pub fn live_at(&mut self, home: PathBuf) {
        self.home = home;
    }

    /// Lets every later command and node run in this network namespace.
    pub fn live_in(&mut self, house: &str) {
        self.house = Some(house.to_owned());
    }

    /// Writes a file beside the home; returns its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Runs a command that has to end well; returns what stands under `data`.
    #[track_caller]
    pub fn data(&self, args: &[&str]) -> Value {
        self.data_from("", args)
    }

    /// Does the same with words on stdin.
    #[track_caller]
    pub fn data_from(&self, stdin: &str, args: &[&str]) -> Value {
        let output = self.output(stdin, args);
        assert!(output.status.success(), "{args:?}: {output:?}");
        one_line(&output)["data"].clone()
    }

    /// Runs a command that must not end well.
    #[track_caller]
    pub fn refused(&self, stdin: &str, args: &[&str]) -> Refused {
        refusal(&self.output(stdin, args))
    }

    /// Runs a command with `--json`, to its end.
    pub fn output(&self, stdin: &str, args: &[&str]) -> Output {
        let mut child = self.spawn(args, Stdio::piped());
        // A command that reads nothing may have ended already.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        child.wait_with_output().unwrap()
    }

    /// Returns the command with nothing of this computer's own settings around it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = match &self.house {
            Some(house) => {
                let mut command = Command::new("ip");
                command.args(["netns", "exec", house]).arg(&self.program);
                command
            }
            None => Command::new(&self.program),
        };
        for name in ["CIRCLET_SOCKET", "CIRCLET_LOG", "VISUAL", "EDITOR"] {
            command.env_remove(name);
        }
        command
            .args(args)
            .args(&self.everywhere)
            .env("CIRCLET_HOME", &self.home)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        command
    }

    /// Starts the node, and a circle; returns the circle's id.
    pub fn found(&mut self, circle: &str) -> String {
        self.start();
        self.found_running(circle)
    }

    /// Starts a circle on a node that runs; returns the circle's id.
    pub fn found_running(&self, circle: &str) -> String {
        let id = text(&self.data(&["new", circle]), "id");
        until("it listens for the circle", || {
            let doctor = self.data(&["doctor"]);
            let all = list(&doctor, "checks");
            let mut ours = all.iter().filter(|check| check["check"] == "listening");
            ours.any(|check| check["ok"] == true)
                .then_some(())
                .ok_or(doctor.clone())
        });
        id
    }

    /// Starts the node and waits for the line that says it is ready.
    #[track_caller]
    pub fn start(&mut self) {
        self.start_at(&LISTEN);
    }

    /// Does the same at these addresses.
    #[track_caller]
    pub fn start_at(&mut self, listen: &[&str]) {
        self.run(&["node", "run"], listen);
    }

    /// Starts the node of a home that is not set up, so that its page does that.
    #[track_caller]
    pub fn start_bare(&mut self) {
        self.run(&["node", "run", "--for-page"], &LISTEN);
    }

    #[track_caller]
    fn run(&mut self, command: &[&str], listen: &[&str]) {
        assert!(self.node.is_none(), "the node runs already");
        let mut args = command.to_vec();
        for address in listen {
            args.extend(["--listen", address]);
        }
        let mut node = self.spawn(&args, self.log_file().into());
        drop(node.stdin.take());
        let stdout = node.stdout.take().unwrap();
        self.node = Some(node);
        let (said, line) = mpsc::sync_channel(1);
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(stdout).read_line(&mut line);
            // Nobody listens any more once the deadline is over.
            let _ = said.send(read.map(|_| line));
        });
        let line = line.recv_timeout(PATIENCE).unwrap().unwrap();
        assert_eq!(
            line.trim_end(),
            r#"{"v":1,"data":{"ready":true}}"#,
            "{}",
            self.log()
        );
    }

    /// Ends the node with SIGKILL.
    pub fn kill(&mut self) {
        let mut node = self.node.take().unwrap();
        node.kill().unwrap();
        node.wait().unwrap();
    }

    /// Asks the node to end with SIGTERM, and does no more; returns how it ended.
    pub fn terminate(&mut self) -> ExitStatus {
        let mut node = self.node.take().unwrap();
        kill_process(pid_of(&node), Signal::TERM).unwrap();
        until("the node ends", || {
            node.try_wait().unwrap().ok_or("it runs")
        })
    }

    /// Stops the node by the command.
    #[track_caller]
    pub fn stop(&mut self) {
        assert_eq!(self.data(&["stop"])["stopped"], true);
        let ended = self.node.take().unwrap().wait().unwrap();
        assert!(ended.success(), "{ended}: {}", self.log());
    }

    /// Returns the process id of the node.
    pub fn pid(&self) -> u32 {
        self.node.as_ref().unwrap().id()
    }

    /// Returns what the nodes of this computer logged.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(self.folder().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Returns what `status` says of the circle; of the first one if it is not called by this name.
    #[track_caller]
    pub fn circle(&self, name: &str) -> Value {
        let status = self.data(&["status"]);
        let circles = list(&status, "circles");
        let named = circles.iter().find(|circle| circle["name"] == name);
        named.or(circles.first()).cloned().unwrap_or_default()
    }

    /// Returns what `status` says of the only circle.
    #[track_caller]
    pub fn only(&self) -> Value {
        self.circle("")
    }

    /// Shares a story; returns its id.
    #[track_caller]
    pub fn share(&self, story: &str) -> String {
        text(&self.data_from(story, &["share", "-"]), "id")
    }

    /// Returns the stories that are here: author and text, in alphabetical order.
    #[track_caller]
    pub fn stories(&self) -> Vec<(String, String)> {
        let read = self.data(&["read", "--all"]);
        let stories = list(&read, "stories").iter();
        let mut all: Vec<_> = stories
            .map(|story| (text(story, "author"), text(story, "text")))
            .collect();
        all.sort();
        all
    }

    /// Waits until the only circle is in this state.
    #[track_caller]
    pub fn wait_for_state(&self, state: &str) -> Value {
        until(&format!("the circle is {state}"), || {
            let circle = self.only();
            if circle["state"] == state {
                Ok(circle)
            } else {
                Err(circle)
            }
        })
    }

    fn spawn(&self, args: &[&str], stderr: Stdio) -> Child {
        self.command(args)
            .args(["--json", "--no-input"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap()
    }

    fn log_file(&self) -> File {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        options.open(self.folder().join("log")).unwrap()
    }
}

impl Drop for Computer {
    fn drop(&mut self) {
        if let Some(mut node) = self.node.take() {
            // It may have ended by itself.
            let _ = node.kill();
            let _ = node.wait();
        }
        if std::thread::panicking() {
            println!("{}:\n{}", self.home.display(), self.log());
        }
    }
}

/// Looks again and again until something holds; the look returns what it sees meanwhile.
#[track_caller]
pub fn until<T, E: Display>(what: &str, mut look: impl FnMut() -> Result<T, E>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) => assert!(Instant::now() < deadline, "not yet that {what}: {seen}"),
        }
        sleep(LOOK);
    }
}

/// Waits until these computers hold the same circle with these members; returns the digest.
#[track_caller]
pub fn together(computers: &[&Computer], names: &[&str]) -> String {
    until(&format!("{names:?} are together"), || {
        let circles: Vec<Value> = computers.iter().map(|it| it.only()).collect();
        let digest = text(&circles[0], "digest");
        let same = circles
            .iter()
            .all(|circle| members(circle) == names && circle["digest"] == *digest);
        if same {
            Ok(digest)
        } else {
            Err(serde_json::json!(circles))
        }
    })
}

/// Ends a process of this test with SIGKILL; whoever started it still has to wait for it.
pub fn end(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

/// Returns the most memory a process has had resident until now, and what it has now, in bytes.
pub fn memory(pid: u32) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        let words: Vec<&str> = line.split_whitespace().collect();
        words[1].parse::<u64>().unwrap() * 1024
    };
    (field("VmHWM:"), field("VmRSS:"))
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_child(child)
}
