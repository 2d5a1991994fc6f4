//! What whole nodes cost: processes of the real binary on loopback, each with a home of its own.

mod taken_back;

pub use taken_back::taken_back;

use crate::grown::{CHARACTERS, Peer, grow, text};
use crate::machine::{folder_bytes, loopback, peak, resident, worked};
use crate::report::{Line, kilobytes, milliseconds, percentile, ratio};
use circlet_model::replica::Replica;
use circlet_node::client::Client;
use circlet_node::home::Home;
use circlet_node::identity::{Identity, set_up};
use circlet_node::keystore::{Cost, Keystore};
use circlet_node::storage;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Where the nodes listen.
const LISTEN: &str = "/ip4/127.0.0.1/tcp/0";

/// How long anything may take.
const PATIENCE: Duration = Duration::from_mins(30);

/// The pause before asking again whether a story is there: what is measured is too long by up to this
/// and one answer. Asking without a pause would keep one of two cores busy.
const ASKED: Duration = Duration::from_millis(1);

/// The peers of one node.
const PEERS: usize = 8;

/// A home, and its node while one runs.
pub struct Place {
    home: Home,
    node: Option<Child>,
    _folder: TempDir,
}

impl Place {
    pub fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("h"));
        set_up(&home, name, None, Cost::TINY).unwrap();
        Self {
            home,
            node: None,
            _folder: folder,
        }
    }

    /// Sets up a home whose circle holds so many stories.
    pub async fn grown(stories: usize) -> Self {
        let place = Self::new("Ana");
        let client = place.client().await;
        let circle = client
            .post("/v1/circles", &json!({ "name": "Tuesday" }))
            .await
            .unwrap();
        client.close().await;
        if stories == 0 {
            return place;
        }
        let id = circle["id"].as_str().unwrap();
        let mut hint = [0; 16];
        for (at, byte) in hint.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&id[2 * at..2 * at + 2], 16).unwrap();
        }
        let _lock = place.home.lock().unwrap();
        let keystore = Keystore::open(&place.home, None).unwrap();
        let identity = Identity::load(&keystore).unwrap().keys(hint).unwrap();
        let vault = storage::open(&place.home, keystore.master()).unwrap();
        let peer = identity.peer.peer();
        let replica = Replica::load(identity, Box::new(vault.clone()), hint).unwrap();
        let rng = ChaCha20Rng::seed_from_u64(5);
        let mut founder = Peer::of(replica, Box::new(vault), peer, rng);
        let from = Instant::now();
        grow(&mut founder, stories);
        println!(
            "# grew {stories} stories in {:.1} s",
            from.elapsed().as_secs_f64()
        );
        drop(founder);
        place
    }

    /// Starts its node; returns how long it took to say that it runs.
    pub fn start(&mut self) -> Duration {
        let from = Instant::now();
        let mut node = self.command(&["node", "run", "--listen", LISTEN]);
        let mut node = node.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(node.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "a node did not start");
        self.node = Some(node);
        from.elapsed()
    }

    pub fn stop(&mut self) {
        if let Some(mut node) = self.node.take() {
            let stopped = self.command(&["stop"]).stdout(Stdio::null()).status();
            assert!(stopped.unwrap().success());
            node.wait().unwrap();
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .arg("--json")
            .args(arguments)
            .env("CIRCLET_HOME", self.home.root())
            .env_remove("CIRCLET_SOCKET")
            .env_remove("CIRCLET_LOG")
            .stdin(Stdio::null());
        command
    }

    fn process(&self) -> u32 {
        self.node.as_ref().unwrap().id()
    }

    pub async fn client(&self) -> Client {
        Client::connect(&self.home, || Ok(None)).await.unwrap()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(node) = &mut self.node {
            // It may have ended already, which is what is wanted.
            let _ = node.kill();
            let _ = node.wait();
        }
    }
}

fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_circlet"))
}

pub async fn entries(client: &Client) -> u64 {
    let status = client.get("/v1/status").await.unwrap();
    status["circles"][0]["entries"].as_u64().unwrap_or_default()
}

/// Asks again and again until the answer is good; the pause keeps the asking cheap.
pub async fn until(pause: Duration, mut good: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !good().await {
        assert!(Instant::now() < deadline, "it took too long");
        tokio::time::sleep(pause).await;
    }
}

pub async fn invite(client: &Client) -> String {
    let wanted = json!({ "uses": 100, "expires_in": 604_800, "history": "all" });
    let made = client.post("/v1/invites", &wanted).await.unwrap();
    made["key"].as_str().unwrap().to_owned()
}

/// A newcomer's node that takes in a circle of so many stories.
pub async fn newcomer(stories: usize) {
    let mut ana = Place::grown(stories).await;
    ana.start();
    let there = ana.client().await;
    let key = invite(&there).await;
    let newest = there.get("/v1/stories").await.unwrap();
    let goal = entries(&there).await;
    let mut bo = Place::new("Bo");
    bo.start();
    let here = bo.client().await;
    let (worked_before, (bytes_before, _)) =
        (worked(ana.process()) + worked(bo.process()), loopback());
    let from = Instant::now();
    here.post("/v1/joins", &json!({ "key": key }))
        .await
        .unwrap();
    let ids = |stories: &Value| -> Vec<String> {
        let stories = stories["stories"].as_array().unwrap();
        stories
            .iter()
            .map(|story| story["id"].to_string())
            .collect()
    };
    let wanted = ids(&newest);
    until(Duration::from_millis(5), async || {
        let shown = here.get("/v1/stories").await;
        shown.is_ok_and(|shown| ids(&shown) == wanted)
    })
    .await;
    let first = from.elapsed();
    until(Duration::from_millis(10), async || {
        entries(&here).await >= goal
    })
    .await;
    let all = from.elapsed();
    let worked = worked(ana.process()) + worked(bo.process()) - worked_before;
    let wire = loopback().0 - bytes_before;
    let text = (stories * CHARACTERS) as f64;
    Line::new("newcomer's node over loopback", stories)
        .value("newest 20 readable", milliseconds(first))
        .value("all readable", milliseconds(all))
        .value("CPU of both", milliseconds(worked))
        .value("loopback against the text", ratio(wire as f64, text))
        .value(
            "newcomer's peak memory",
            format!("{:.0} MB", peak(bo.process())),
        )
        .value("giver's", format!("{:.0} MB", peak(ana.process())))
        .print();
    bo.stop();
    ana.stop();
    for (name, place) in [("grown home", &ana), ("newcomer's home", &bo)] {
        let bytes = folder_bytes(place.home.root());
        Line::new(&format!("disk of the {name}"), stories)
            .value("", kilobytes(bytes as usize))
            .value("against the text", ratio(bytes as f64, text))
            .print();
    }
}

/// One new story to eight connected nodes, then a minute of rest.
pub async fn live(stories: usize) {
    const SHARES: usize = 160;
    let (mut ana, others) = connected(stories, PEERS).await;
    let client = ana.client().await;
    let mut clients = Vec::new();
    for other in &others {
        clients.push(other.client().await);
    }
    let goal = entries(&client).await;
    let (mut durable, mut readable) = (Vec::new(), Vec::new());
    for number in 0..SHARES {
        let story = json!({ "text": text(1, number as u64) });
        let watched = &clients[number % PEERS];
        let goal = goal + number as u64 + 1;
        let from = Instant::now();
        let share = async {
            client.post("/v1/stories", &story).await.unwrap();
            from.elapsed()
        };
        let seen = async {
            until(ASKED, async || entries(watched).await >= goal).await;
            from.elapsed()
        };
        let (stored, seen) = tokio::join!(share, seen);
        durable.push(stored);
        readable.push(seen);
        for other in &clients {
            until(Duration::from_millis(5), async || {
                entries(other).await >= goal
            })
            .await;
        }
    }
    Line::new(
        "one new story to 8 connected nodes, readable at one of them",
        stories,
    )
    .value("p50", milliseconds(percentile(&mut readable, 50)))
    .value("p99", milliseconds(percentile(&mut readable, 99)))
    .print();
    Line::new("share with 8 connected nodes, asked to durable", stories)
        .value("p50", milliseconds(percentile(&mut durable, 50)))
        .value("p99", milliseconds(percentile(&mut durable, 99)))
        .print();
    rest(&ana, &others, stories).await;
    ana.stop();
}

/// A node with a history, and others that are connected to it and in step.
async fn connected(stories: usize, peers: usize) -> (Place, Vec<Place>) {
    let mut ana = Place::grown(stories).await;
    ana.start();
    let client = ana.client().await;
    let key = invite(&client).await;
    let mut others = Vec::new();
    for number in 0..peers {
        let mut place = Place::new(&format!("Reader {number}"));
        place.start();
        let other = place.client().await;
        other
            .post("/v1/joins", &json!({ "key": key }))
            .await
            .unwrap();
        until(Duration::from_millis(50), async || {
            entries(&other).await > 0 && entries(&other).await == entries(&client).await
        })
        .await;
        others.push(place);
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    let status = client.get("/v1/status").await.unwrap();
    let circle = &status["circles"][0];
    println!(
        "# connected {}, in step {}",
        circle["connected"].as_array().unwrap().len(),
        circle["in_step_with"].as_array().unwrap().len()
    );
    (ana, others)
}

/// What nine nodes that are connected and have nothing to say cost in a minute.
async fn rest(ana: &Place, others: &[Place], stories: usize) {
    const REST: Duration = Duration::from_mins(1);
    tokio::time::sleep(Duration::from_secs(10)).await;
    let all = || -> Duration { others.iter().map(|place| worked(place.process())).sum() };
    let (ana_before, others_before, lo_before) = (worked(ana.process()), all(), loopback());
    tokio::time::sleep(REST).await;
    let share =
        |time: Duration| format!("{:.3} %", time.as_secs_f64() / REST.as_secs_f64() * 100.0);
    let lo = loopback();
    let (bytes, packets) = (lo.0 - lo_before.0, lo.1 - lo_before.1);
    let month = bytes as f64 / REST.as_secs_f64() * 86_400.0 * 30.0 / 9.0 / 1e6;
    Line::new("a minute of rest, 9 nodes", stories)
        .value(
            "CPU of the one all are connected to",
            share(worked(ana.process()) - ana_before),
        )
        .value(
            "of each other",
            share((all() - others_before) / PEERS as u32),
        )
        .value("loopback", kilobytes(bytes as usize))
        .value("packets", packets.to_string())
        .value("a node and month", format!("{month:.0} MB"))
        .value(
            "memory of the one",
            format!("{:.0} MB", resident(ana.process())),
        )
        .print();
}

/// Start-up, memory, cold answers and shares of one node.
pub async fn start(stories: usize) {
    let mut ana = Place::grown(stories).await;
    let (mut ready, mut page) = (Vec::new(), Vec::new());
    let mut memory = 0.0;
    for _ in 0..5 {
        let from = Instant::now();
        ready.push(ana.start());
        ana.client().await.get("/v1/stories").await.unwrap();
        page.push(from.elapsed());
        memory = resident(ana.process());
        ana.stop();
    }
    Line::new("start, median of 5", stories)
        .value("ready", milliseconds(percentile(&mut ready, 50)))
        .value(
            "first page answered",
            milliseconds(percentile(&mut page, 50)),
        )
        .value("memory then", format!("{memory:.0} MB"))
        .print();
    ana.start();
    let mut cold: Vec<_> = (0..21).map(|_| timed(&ana, &["status"], None)).collect();
    let mut shares: Vec<_> = (0..51)
        .map(|number| timed(&ana, &["share", "-"], Some(&text(1, number))))
        .collect();
    let client = ana.client().await;
    let mut durable = Vec::new();
    for number in 0..200 {
        let story = json!({ "text": text(2, number) });
        let from = Instant::now();
        client.post("/v1/stories", &story).await.unwrap();
        durable.push(from.elapsed());
    }
    Line::new("commands against a running node, whole processes", stories)
        .value("status p50", milliseconds(percentile(&mut cold, 50)))
        .value("share p50", milliseconds(percentile(&mut shares, 50)))
        .print();
    Line::new("share over the socket, asked to durable", stories)
        .value("p50", milliseconds(percentile(&mut durable, 50)))
        .value("p99", milliseconds(percentile(&mut durable, 99)))
        .print();
    ana.stop();
    let size = std::fs::metadata(binary()).unwrap().len();
    Line::new("the binary", stories)
        .value("", kilobytes(size as usize))
        .print();
}

fn timed(place: &Place, arguments: &[&str], stdin: Option<&str>) -> Duration {
    let from = Instant::now();
    let mut command = place.command(arguments);
    if stdin.is_some() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.stdout(Stdio::null()).spawn().unwrap();
    if let (Some(mut pipe), Some(text)) = (child.stdin.take(), stdin) {
        pipe.write_all(text.as_bytes()).unwrap();
    }
    assert!(child.wait().unwrap().success());
    from.elapsed()
}
