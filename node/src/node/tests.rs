//! A node from start to end, with a real store and a real socket.

#[cfg(target_os = "linux")]
mod memory;

use super::*;
use crate::client::{self, Client};
use crate::clock::Clock;
use crate::home::Home;
use crate::identity::set_up;
use crate::keystore::{Cost, Passphrase};
use crate::problem::Kind;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Place {
    _folder: tempfile::TempDir,
    home: Home,
}

fn place(passphrase: Option<&str>) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    let passphrase = passphrase.map(Passphrase::from);
    set_up(&home, "Ana", passphrase.as_ref(), Cost::TINY).unwrap();
    Place {
        _folder: folder,
        home,
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a source of passphrases may refuse"
)]
fn no_passphrase() -> Result<Option<Key>, Problem> {
    Ok(None)
}

struct Started {
    end: oneshot::Sender<()>,
    node: JoinHandle<Result<(), Problem>>,
}

async fn start(home: &Home) -> Started {
    start_at(home, Clock::default()).await
}

async fn start_at(home: &Home, clock: Clock) -> Started {
    let (end, ended) = oneshot::channel::<()>();
    let (ready, wait) = oneshot::channel();
    let listen = vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()];
    let config = Config {
        clock,
        ..Config::new(home.clone(), listen)
    };
    let shutdown = async {
        ended.await.ok();
    };
    let ready = || ready.send(()).unwrap();
    let node = tokio::spawn(run(config, no_passphrase, ready, shutdown));
    wait.await.unwrap();
    Started { end, node }
}

async fn connect(home: &Home) -> Client {
    Client::connect(home, no_passphrase).await.unwrap()
}

#[tokio::test]
async fn both_doors_lead_to_the_same_circles() {
    let Place { home, _folder } = place(None);
    let client = connect(&home).await;
    assert!(!client.through_node());
    let circle = client
        .post("/v1/circles", &json!({"name": "Tuesday"}))
        .await
        .unwrap();
    client.close().await;

    let Started { end, node } = start(&home).await;
    let client = connect(&home).await;
    assert!(client.through_node());
    let status = client.get("/v1/status").await.unwrap();
    assert_eq!(status["circles"][0]["id"], circle["id"]);
    assert_eq!(status["running"], true);
    client
        .post("/v1/stories", &json!({"text": "One."}))
        .await
        .unwrap();
    let missing = client
        .get("/v1/stories/ffffffffffffffffffffffffffffffff")
        .await
        .unwrap_err();
    assert_eq!(missing.kind, Kind::NotFound);
    client.close().await;
    end.send(()).unwrap();
    node.await.unwrap().unwrap();
    assert!(!home.socket().unwrap().exists());

    let client = connect(&home).await;
    assert!(!client.through_node());
    let stories = client.get("/v1/stories").await.unwrap();
    assert_eq!(stories["stories"][0]["text"], "One.");
    client.close().await;
}

#[tokio::test]
async fn a_node_is_stopped_through_its_socket() {
    let Place { home, _folder } = place(None);
    assert!(!client::stop(&home).await.unwrap());
    let Started { end: _end, node } = start(&home).await;
    assert!(client::stop(&home).await.unwrap());
    node.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_node_waits_for_a_command_to_let_go_of_the_home() {
    let Place { home, _folder } = place(None);
    let command = home.lock().unwrap();
    let let_go = async {
        // By then the node has looked once.
        tokio::task::yield_now().await;
        drop(command);
    };
    let (Started { end, node }, ()) = tokio::join!(start(&home), let_go);
    end.send(()).unwrap();
    node.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_node_that_is_just_starting_is_stopped_too() {
    use axum::routing::{get, post};
    let Place { home, _folder } = place(None);
    let lock = home.lock().unwrap();
    let stopping = tokio::spawn({
        let home = home.clone();
        async move { client::stop(&home).await }
    });
    // By then it has looked, and found a lock without a socket.
    tokio::task::yield_now().await;
    let asked = CancellationToken::new();
    let stop = asked.clone();
    let says = || async { json!({"version": "0", "protocol": 1, "pid": 1}).to_string() };
    let router = Router::new().route("/v1/node", get(says)).route(
        "/v1/node/stop",
        post(|| async move {
            stop.cancel();
            "{}"
        }),
    );
    let served = socket::serve(&home, router, CancellationToken::new()).await;
    let (path, _server) = served.unwrap();
    asked.cancelled().await;
    std::fs::remove_file(path).unwrap();
    drop(lock);
    assert!(stopping.await.unwrap().unwrap());
}

#[tokio::test]
async fn a_passphrase_is_asked_for_while_nothing_is_locked() {
    let Place { home, _folder } = place(Some("blue door"));
    let typed = || {
        drop(home.lock().unwrap());
        Ok(Some(Key::from(Passphrase::from("blue door"))))
    };
    Client::connect(&home, typed).await.unwrap().close().await;
    let config = Config::new(home.clone(), vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()]);
    run(config, typed, || {}, async {}).await.unwrap();
}

#[tokio::test]
async fn the_socket_is_for_its_owner_and_replaces_a_stale_one() {
    let Place { home, _folder } = place(None);
    let socket = home.socket().unwrap().to_owned();
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(client::probe(&home).await.unwrap().is_none());
    let Started { end, node } = start(&home).await;
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        client::probe(&home).await.unwrap().unwrap().pid,
        std::process::id()
    );
    end.send(()).unwrap();
    node.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_is_not_a_stale_socket_stays() {
    let Place { home, _folder } = place(None);
    std::fs::write(home.socket().unwrap(), b"mine").unwrap();
    let config = Config::new(home.clone(), vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()]);
    let problem = run(config, no_passphrase, || {}, std::future::pending())
        .await
        .unwrap_err();
    assert_eq!(problem.code, "socket-taken");
    assert_eq!(std::fs::read(home.socket().unwrap()).unwrap(), b"mine");
}

#[tokio::test]
async fn a_second_node_is_told_that_the_home_is_open() {
    let Place { home, _folder } = place(None);
    let Started { end, node } = start(&home).await;
    let config = Config::new(home.clone(), Vec::new());
    let problem = run(config, no_passphrase, || {}, std::future::pending())
        .await
        .unwrap_err();
    assert_eq!(problem.code, "already-open");
    end.send(()).unwrap();
    node.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_locked_home_asks_for_its_passphrase() {
    let Place { home, _folder } = place(Some("blue door"));
    let locked = Client::connect(&home, no_passphrase).await.unwrap_err();
    assert_eq!(
        (locked.code.as_ref(), locked.kind.exit_code()),
        ("locked", 4)
    );
    let wrong = Client::connect(&home, || Ok(Some(Key::from(Passphrase::from("red door"))))).await;
    assert_eq!(wrong.unwrap_err().code, "wrong-passphrase");
    let right = Client::connect(&home, || Ok(Some(Key::from(Passphrase::from("blue door"))))).await;
    right.unwrap().close().await;
}

#[tokio::test]
async fn a_home_is_set_up_once_and_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(folder.path().join("home"));
    let early = Client::connect(&home, no_passphrase).await.unwrap_err();
    assert_eq!(early.code, "not-set-up");
    set_up(&home, "Ana", None, Cost::TINY).unwrap();
    let again = set_up(&home, "Bo", None, Cost::TINY).unwrap_err();
    assert_eq!(again.code, "set-up-already");
    std::fs::remove_file(home.identity()).unwrap();
    set_up(&home, "Ana", None, Cost::TINY).unwrap();
    connect(&home).await.close().await;
}

#[tokio::test]
async fn what_a_damaged_home_still_holds_is_never_set_up_anew() {
    for part in [Home::identity, Home::keys] {
        let Place { home, _folder } = place(None);
        connect(&home).await.close().await;
        std::fs::remove_file(part(&home)).unwrap();
        let left = || [home.identity(), home.keys()].map(|file| std::fs::read(file).ok());
        let before = left();
        let refused = set_up(&home, "Ana", None, Cost::TINY).unwrap_err();
        assert_eq!(refused.code, "keys-damaged");
        let asked = Client::connect(&home, no_passphrase).await.unwrap_err();
        assert_eq!(asked.code, "keys-damaged", "nobody is told to set it up");
        assert_eq!(left(), before);
        for file in [home.store(), home.pages()] {
            assert!(file.exists(), "{}", file.display());
        }
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "a source of passphrases may refuse"
)]
fn blue_door() -> Result<Option<Key>, Problem> {
    Ok(Some(Key::from(Passphrase::from("blue door"))))
}

/// Starts a node of a home behind a passphrase.
async fn start_behind(home: &Home) -> Started {
    let (end, ended) = oneshot::channel::<()>();
    let (ready, wait) = oneshot::channel();
    let config = Config::new(home.clone(), vec!["/ip4/127.0.0.1/tcp/0".parse().unwrap()]);
    let shutdown = async {
        ended.await.ok();
    };
    let ready = || ready.send(()).unwrap();
    let node = tokio::spawn(run(config, blue_door, ready, shutdown));
    wait.await.unwrap();
    Started { end, node }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_node_answers_nothing_until_it_is_unlocked() {
    let Place { home, _folder } = place(Some("blue door"));
    let Started { end: _end, node } = start_behind(&home).await;
    let client = connect(&home).await;
    let circle = client
        .post("/v1/circles", &json!({"name": "Tuesday"}))
        .await
        .unwrap();
    client
        .post("/v1/stories", &json!({"text": "One."}))
        .await
        .unwrap();
    assert_eq!(client.get("/v1/status").await.unwrap()["locked"], false);
    let again = client::unlock(&home, || panic!("it is open"))
        .await
        .unwrap();
    assert!(again["sentence"].as_str().unwrap().contains("open already"));

    let locked = client::lock(&home).await.unwrap().unwrap();
    assert_eq!(
        (&locked["locked"], &locked["passphrase"]),
        (&json!(true), &json!(true))
    );
    for _ in 0..2 {
        let status = client.get("/v1/status").await.unwrap();
        assert_eq!(
            status,
            json!({"circles": [], "running": true, "locked": true})
        );
        for path in [
            "/v1/stories",
            "/v1/words",
            "/v1/members",
            "/v1/doctor",
            "/v1/none",
        ] {
            let refused = client.get(path).await.unwrap_err();
            assert_eq!(
                (refused.code.as_ref(), refused.kind),
                ("locked", Kind::Locked)
            );
        }
        assert!(client::probe(&home).await.unwrap().unwrap().locked);
        let twice = client::lock(&home).await.unwrap().unwrap();
        assert!(twice["sentence"].as_str().unwrap().contains("already"));
    }
    unlocks_for_its_owner_alone(&home).await;
    let status = client.get("/v1/status").await.unwrap();
    assert_eq!(status["circles"][0]["id"], circle["id"]);
    let stories = client.get("/v1/stories").await.unwrap();
    assert_eq!(stories["stories"][0]["text"], "One.");
    client::lock(&home).await.unwrap().unwrap();
    assert!(
        client::stop(&home).await.unwrap(),
        "it stops while it is locked"
    );
    node.await.unwrap().unwrap();
    assert!(client::lock(&home).await.unwrap().is_none());
    assert_eq!(
        client::unlock(&home, blue_door).await.unwrap_err().kind,
        Kind::NodeNeeded
    );
}

/// Tries what does not unlock a node, and then what does.
async fn unlocks_for_its_owner_alone(home: &Home) {
    let silence = client::set_silence(home, None, || panic!("a node runs")).await;
    assert_eq!(silence.unwrap_err().code, "locked");
    let none = client::unlock(home, no_passphrase).await.unwrap_err();
    assert_eq!((none.code.as_ref(), none.kind), ("locked", Kind::Locked));
    let wrong = || Ok(Some(Key::from(Passphrase::from("red door"))));
    let wrong = client::unlock(home, wrong).await.unwrap_err();
    assert_eq!(
        (wrong.code.as_ref(), wrong.kind),
        ("wrong-passphrase", Kind::Locked)
    );
    assert!(client::probe(home).await.unwrap().unwrap().locked);
    client::unlock(home, blue_door).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn locking_while_much_is_under_way_answers_everybody_and_loses_nothing() {
    let Place { home, _folder } = place(Some("blue door"));
    let Started { end, node } = start_behind(&home).await;
    let client = connect(&home).await;
    client
        .post("/v1/circles", &json!({"name": "Tuesday"}))
        .await
        .unwrap();
    let writers: Vec<_> = (0..20)
        .map(|number| {
            let home = home.clone();
            tokio::spawn(async move {
                let client = connect(&home).await;
                let text = json!({"text": format!("Story {number}.")});
                client.post("/v1/stories", &text).await
            })
        })
        .collect();
    let lockers: Vec<_> = (0..3)
        .map(|_| {
            let home = home.clone();
            tokio::spawn(async move { client::lock(&home).await })
        })
        .collect();
    for locker in lockers {
        assert_eq!(locker.await.unwrap().unwrap().unwrap()["locked"], true);
    }
    let mut saved = Vec::new();
    for writer in writers {
        match writer.await.unwrap() {
            Ok(story) => saved.push(story["id"].clone()),
            Err(problem) => assert_eq!(problem.kind, Kind::Locked, "{problem:?}"),
        }
    }
    client::unlock(&home, blue_door).await.unwrap();
    let stories = client.get("/v1/stories?all=true").await.unwrap();
    let stories = stories["stories"].as_array().unwrap();
    for id in saved {
        assert!(stories.iter().any(|story| story["id"] == id));
    }
    end.send(()).unwrap();
    node.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_is_changed_while_a_node_runs_or_is_locked() {
    let Place { home, _folder } = place(Some("blue door"));
    let passphrase = |words: &str| Passphrase::from(words);
    let change = async |old: Option<&str>, new: Option<&str>| {
        let old = old.map(|old| Key::from(passphrase(old)));
        client::change_passphrase(&home, old, new.map(passphrase)).await
    };
    let opens = |words: &str| {
        let keystore = Keystore::open(&home, Some(&passphrase(words)));
        keystore.map(|keystore| *keystore.master().as_bytes())
    };
    let master = opens("blue door").unwrap();
    let words = {
        let keystore = Keystore::open(&home, Some(&passphrase("blue door"))).unwrap();
        let words = Identity::load(&keystore).unwrap().words();
        Box::new(circlet_model::words::from_words(&words).unwrap())
    };
    let Started { end, node } = start_behind(&home).await;
    let before = std::fs::read(home.keys()).unwrap();
    let wrong = change(Some("red door"), Some("new")).await.unwrap_err();
    assert_eq!(
        (wrong.code.as_ref(), wrong.kind),
        ("wrong-passphrase", Kind::Locked)
    );
    assert!(wrong.message.ends_with("The passphrase is as it was."));
    let none = change(None, Some("new")).await.unwrap_err();
    assert_eq!(none.kind, Kind::Locked);
    assert_eq!(std::fs::read(home.keys()).unwrap(), before);

    let changed = change(Some("blue door"), Some("new")).await.unwrap();
    assert_eq!(changed["passphrase"], true);
    assert!(opens("blue door").is_err());
    assert_eq!(opens("new").unwrap(), master);
    client::lock(&home).await.unwrap().unwrap();
    // Also while it is locked.
    let changed = change(Some("new"), None).await.unwrap();
    assert_eq!(changed["passphrase"], false);
    assert_eq!(Keystore::needs_passphrase(&home), Ok(false));
    let by_words = Some(Key::Seed(words.clone()));
    let new = Some(passphrase("blue door"));
    client::change_passphrase(&home, by_words, new)
        .await
        .unwrap();
    assert_eq!(opens("blue door").unwrap(), master);
    assert!(client::probe(&home).await.unwrap().unwrap().locked);
    client::unlock(&home, || Ok(Some(Key::Seed(words))))
        .await
        .unwrap();
    end.send(()).unwrap();
    node.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_was_told_to_locks_itself_also_after_a_restart() {
    let Place { home, _folder } = place(Some("blue door"));
    let second = Some(Duration::from_secs(1));
    let told = client::set_silence(&home, second, blue_door).await.unwrap();
    assert_eq!(told["seconds"], 1);
    let Started { end, node } = start_behind(&home).await;
    locks_itself(&home).await;
    client::unlock(&home, blue_door).await.unwrap();
    locks_itself(&home).await;
    client::unlock(&home, blue_door).await.unwrap();
    let never = client::set_silence(&home, None, || panic!("a node runs")).await;
    if let Ok(told) = never {
        assert_eq!(told["seconds"], Value::Null);
        assert!(!client::probe(&home).await.unwrap().unwrap().locked);
    }
    end.send(()).unwrap();
    node.await.unwrap().unwrap();
}

/// Waits until a home is locked, without asking it for anything that counts.
async fn locks_itself(home: &Home) {
    let looking = async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        while !client::probe(home).await.unwrap().unwrap().locked {
            pause.tick().await;
        }
    };
    timeout(Duration::from_mins(1), looking).await.unwrap();
}

/// Asks again and again until the answer is as hoped for.
async fn until(client: &Client, path: &str, hoped: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        loop {
            pause.tick().await;
            let answer = client.get(path).await.unwrap();
            if hoped(&answer) {
                return answer;
            }
        }
    };
    timeout(Duration::from_mins(1), asking)
        .await
        .expect("it should have come about by now")
}

fn joined(status: &Value) -> bool {
    status["circles"][0]["state"] == "joined"
}

fn in_step(status: &Value) -> bool {
    status["circles"][0]["in_step_with"]
        .as_array()
        .is_some_and(|names| !names.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_join_share_and_read() {
    join_share_and_read(Clock::default()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_clock_is_a_day_off_joins_shares_and_reads() {
    const DAY: i64 = 24 * 60 * 60 * 1000;
    join_share_and_read(Clock::ahead_by(DAY)).await;
    join_share_and_read(Clock::ahead_by(-DAY)).await;
}

/// Founds a circle on one node, joins it on another with this clock, and lets both share and read.
async fn join_share_and_read(clock: Clock) {
    let (ana, bo) = (place(None), place(None));
    let (ana_node, bo_node) = (start(&ana.home).await, start_at(&bo.home, clock).await);
    let (to_ana, to_bo) = (connect(&ana.home).await, connect(&bo.home).await);
    to_ana
        .post("/v1/circles", &json!({"name": "Tuesday"}))
        .await
        .unwrap();
    to_ana
        .post("/v1/stories", &json!({"text": "Before."}))
        .await
        .unwrap();
    let listening = |doctor: &Value| {
        let checks = doctor["checks"].as_array().unwrap();
        checks
            .iter()
            .any(|check| check["check"] == "listening" && check["ok"] == true)
    };
    until(&to_ana, "/v1/doctor", listening).await;
    let invite = to_ana
        .post("/v1/invites", &json!({"history": "all"}))
        .await
        .unwrap();
    let join = to_bo
        .post("/v1/joins", &json!({"key": invite["key"]}))
        .await
        .unwrap();
    assert!(["pending", "joined"].contains(&join["state"].as_str().unwrap()));
    until(&to_bo, "/v1/status", joined).await;
    let shared = to_bo
        .post("/v1/stories", &json!({"text": "Hello."}))
        .await
        .unwrap();
    let has = |stories: &Value| {
        stories["stories"]
            .as_array()
            .unwrap()
            .iter()
            .any(|story| story["id"] == shared["id"])
    };
    until(&to_ana, "/v1/stories", has).await;
    until(&to_bo, "/v1/stories", |stories| {
        stories["stories"].as_array().unwrap().len() == 2
    })
    .await;
    let one = until(&to_ana, "/v1/status", in_step).await;
    let other = until(&to_bo, "/v1/status", in_step).await;
    assert_eq!(one["circles"][0]["digest"], other["circles"][0]["digest"]);
    assert_eq!(other["circles"][0]["name"], "Tuesday");
    assert_eq!(other["circles"][0]["members"].as_array().unwrap().len(), 2);
    for Started { end, node } in [ana_node, bo_node] {
        end.send(()).unwrap();
        node.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_goes_on_through_restarts_until_somebody_is_there() {
    let (ana, bo) = (place(None), place(None));
    let to_ana = connect(&ana.home).await;
    to_ana
        .post("/v1/circles", &json!({"name": "Tuesday"}))
        .await
        .unwrap();
    to_ana.close().await;
    let ana_node = start(&ana.home).await;
    let to_ana = connect(&ana.home).await;
    let invite = to_ana.post("/v1/invites", &json!({})).await.unwrap();
    ana_node.end.send(()).unwrap();
    ana_node.node.await.unwrap().unwrap();

    let to_bo = connect(&bo.home).await;
    let join = to_bo
        .post("/v1/joins", &json!({"key": invite["key"]}))
        .await
        .unwrap();
    assert_eq!(join["state"], "pending");
    to_bo.close().await;
    let bo_node = start(&bo.home).await;
    let to_bo = connect(&bo.home).await;
    let waiting = to_bo.get("/v1/status").await.unwrap();
    assert_eq!(waiting["circles"][0]["state"], "pending");
    let ana_node = start(&ana.home).await;
    until(&to_bo, "/v1/status", joined).await;
    for Started { end, node } in [ana_node, bo_node] {
        end.send(()).unwrap();
        node.await.unwrap().unwrap();
    }
}
