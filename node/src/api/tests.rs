//! The shape of every answer, asked of the router in this process.

mod agreement;
mod private;

use super::*;
use crate::client::with_query;
use crate::config::Config;
use crate::driver;
use crate::identity::{self, Identity};
use crate::keystore::{Cost, Keystore, fresh_rng};
use crate::storage::{Memory, Vault};
use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

struct Asked {
    _folder: tempfile::TempDir,
    router: Router,
    running: driver::Running,
}

impl Asked {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path().join("home"));
        identity::set_up(&home, "Ana", None, Cost::TINY).unwrap();
        let keystore = Keystore::open(&home, None).unwrap();
        let identity = Identity::load(&keystore).unwrap();
        let rng = fresh_rng().unwrap();
        let vault = Vault::open(Memory::default(), home.pages(), keystore.master(), rng).unwrap();
        let config = Config::offline(home.clone());
        let running = driver::start(driver::Parts {
            vault,
            keystore,
            identity,
            config,
        })
        .unwrap();
        let handle = running.handle.clone();
        let router = router(Api {
            handle,
            home,
            running: false,
        });
        Self {
            _folder: folder,
            router,
            running,
        }
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask(
            Request::post(path)
                .body(Body::from(body.to_string()))
                .unwrap(),
        )
        .await
    }

    async fn ask(&self, request: Request<Body>) -> (u16, Value) {
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn close(self) {
        self.running.close().await;
    }
}

fn fields(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn circles_begin_and_are_listed() {
    let asked = Asked::new();
    let (status, circle) = asked
        .post("/v1/circles", json!({"name": " Tuesday "}))
        .await;
    assert_eq!((status, circle["name"].as_str()), (200, Some("Tuesday")));
    assert_eq!(id(&circle).len(), 64);
    let (_, list) = asked.get("/v1/circles").await;
    assert_eq!(
        fields(&list["circles"][0]),
        ["id", "name", "sentence", "state"]
    );
    assert_eq!(list["circles"][0]["state"], "joined");
    let (_, meant) = asked.get("/v1/circle?circle=tue").await;
    let expected = ["away", "connected", "id", "name", "sentence", "state"];
    assert_eq!(fields(&meant), expected);
    assert_eq!(meant["id"], circle["id"]);
    let (_, status) = asked.get("/v1/status").await;
    let expected = [
        "connected",
        "digest",
        "entries",
        "id",
        "in_step_with",
        "members",
        "name",
        "sentence",
        "state",
        "waiting",
        "words",
    ];
    assert_eq!(fields(&status["circles"][0]), expected);
    assert_eq!(
        status["circles"][0]["members"],
        json!([{"name": "Ana", "me": true}])
    );
    let (_, members) = asked.get("/v1/members").await;
    assert_eq!(fields(&members), ["aside", "gone", "members", "waiting"]);
    let expected = [
        "asked_out",
        "devices",
        "id",
        "me",
        "muted",
        "name",
        "role",
        "since",
        "words",
    ];
    assert_eq!(fields(&members["members"][0]), expected);
    let (status, left) = asked.post("/v1/leave?circle=tue", json!({})).await;
    assert_eq!((status, left["name"].as_str()), (200, Some("Tuesday")));
    asked.close().await;
}

#[tokio::test]
async fn stories_are_shared_read_and_answered() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let (status, one) = asked
        .post("/v1/stories", json!({"text": "First.", "ask": "ideas"}))
        .await;
    assert_eq!((status, fields(&one)), (200, vec!["id"]));
    let (_, stories) = asked.get("/v1/stories?all=true").await;
    let expected = [
        "ask",
        "author",
        "edited",
        "fades",
        "gestures",
        "id",
        "note",
        "responses",
        "text",
        "written",
    ];
    assert_eq!(fields(&stories["stories"][0]), expected);
    assert_eq!(stories["stories"][0]["text"], "First.");
    let path = format!("/v1/stories/{}", id(&one));
    assert_eq!(asked.get(&path).await.1["stories"][0]["id"], one["id"]);
    let (status, _) = asked
        .post(&format!("{path}/responses"), json!({"text": "Yes."}))
        .await;
    assert_eq!(status, 200);
    let (status, problem) = asked
        .get("/v1/stories/ffffffffffffffffffffffffffffffff")
        .await;
    assert_eq!((status, problem["code"].as_str()), (404, Some("not-found")));
    let (status, problem) = asked.post("/v1/stories", json!({"text": "  "})).await;
    assert_eq!((status, problem["code"].as_str()), (409, Some("empty")));
    let (_, problem) = asked
        .post("/v1/stories", json!({"text": "x".repeat(300_000)}))
        .await;
    assert_eq!(problem["code"], "too-long");
    asked.close().await;
}

#[tokio::test]
async fn a_gesture_is_for_the_story_of_somebody_else() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let (_, story) = asked.post("/v1/stories", json!({"text": "First."})).await;
    let path = format!("/v1/stories/{}/gestures", id(&story));
    for take_back in [false, true] {
        let asks = json!({"gesture": "with-you", "take_back": take_back});
        let (status, problem) = asked.post(&path, asks).await;
        assert_eq!((status, problem["code"].as_str()), (409, Some("own-story")));
    }
    for odd in [
        json!({}),
        json!({"gesture": "a-heart"}),
        json!({"gesture": 1}),
    ] {
        assert_eq!(asked.post(&path, odd).await.0, 400);
    }
    let far = format!("/v1/stories/{}/gestures", "f".repeat(32));
    let (status, _) = asked.post(&far, json!({"gesture": "thank-you"})).await;
    assert_eq!(status, 404);
    let (_, stories) = asked.get("/v1/stories").await;
    assert_eq!(stories["stories"][0]["gestures"], json!([]));
    asked.close().await;
}

#[tokio::test]
async fn what_one_shared_is_looked_at_and_taken_back() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let (_, story) = asked.post("/v1/stories", json!({"text": "First."})).await;
    let answers = format!("/v1/stories/{}/responses", id(&story));
    let (_, response) = asked.post(&answers, json!({"text": "Yes."})).await;
    for (thing, kind, words) in [(&response, "response", "Yes."), (&story, "story", "First.")] {
        let path = format!("/v1/own/{}", &id(thing)[..12]);
        let (status, own) = asked.get(&path).await;
        assert_eq!((status, fields(&own)), (200, vec!["id", "kind", "text"]));
        assert_eq!(
            (own["text"].as_str(), &own["id"]),
            (Some(words), &thing["id"])
        );
        let path = format!("{path}/take-back");
        let (status, taken) = asked.post(&path, json!({})).await;
        let known = vec!["gone", "id", "kind", "sentence"];
        assert_eq!((status, fields(&taken)), (200, known.clone()));
        assert_eq!(taken["kind"], kind);
        assert_eq!(taken["gone"], json!({"from": 1, "of": 1}));
        // Once more, it is said how far it is gone.
        let (status, again) = asked.post(&path, json!({})).await;
        assert_eq!((status, fields(&again)), (200, known));
        assert_eq!((&again["kind"], &again["id"]), (&json!(null), &thing["id"]));
        let (status, _) = asked.get(&path.replace("/take-back", "")).await;
        assert_eq!(status, 200);
    }
    let (_, left) = asked.get("/v1/stories?all=true").await;
    assert_eq!(left, json!({"stories": [], "gaps": [], "since": null}));
    let (_, settled) = asked
        .post("/v1/settings", json!({"fade": 7, "tells": true}))
        .await;
    assert_eq!(
        settled,
        json!({"name": "Tuesday", "fade": 7, "tells": true, "may_change": true})
    );
    asked.post("/v1/stories", json!({"text": "Second."})).await;
    let (_, left) = asked.get("/v1/stories").await;
    assert!(left["stories"][0]["fades"].is_string());
    let quiet = json!([{"after": 1, "sentence": "You took a story back."}]);
    assert_eq!(left["gaps"], quiet);
    let (status, _) = asked.get("/v1/own/fff").await;
    assert_eq!(status, 404);
    asked.close().await;
}

#[tokio::test]
async fn the_oldest_of_many_stories_has_a_short_id_too() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let (_, oldest) = asked.post("/v1/stories", json!({"text": "First."})).await;
    for _ in 0..1000 {
        asked.post("/v1/stories", json!({"text": "Later."})).await;
    }
    let whole = id(&oldest);
    for length in [8, 13, whole.len()] {
        let (_, found) = asked
            .get(&format!("/v1/stories/{}", &whole[..length]))
            .await;
        assert_eq!(found["stories"][0]["text"], "First.");
    }
    for none in [
        "000000000000",
        "fffffffffffff",
        "first",
        "0",
        &format!("{whole}0"),
    ] {
        let (status, _) = asked.get(&format!("/v1/stories/{none}")).await;
        assert_eq!(status, 404, "{none}");
    }
    asked.close().await;
}

#[tokio::test]
async fn invites_are_made_listed_shown_and_stopped() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let (status, made) = asked.post("/v1/invites", json!({"history": "30d"})).await;
    assert_eq!(
        (status, fields(&made)),
        (200, vec!["id", "key", "sentence"])
    );
    assert!(made["key"].as_str().unwrap().len() <= 150);
    let (_, list) = asked.get("/v1/invites").await;
    let expected = [
        "by", "expires", "history", "id", "knock", "open", "used", "uses",
    ];
    assert_eq!(fields(&list["invites"][0]), expected);
    assert_eq!(list["invites"][0]["knock"], false);
    let (_, knock) = asked.post("/v1/invites", json!({"knock": true})).await;
    let (_, list) = asked.get("/v1/invites").await;
    let invites = list["invites"].as_array().unwrap();
    let line = invites.iter().find(|line| line["id"] == knock["id"]);
    assert_eq!(line.unwrap()["knock"], true);
    let short = id(&made)[..8].to_owned();
    let (status, shown) = asked.get(&format!("/v1/invites/{short}")).await;
    assert_eq!((status, shown["id"].clone()), (200, made["id"].clone()));
    let (status, _) = asked
        .post(&format!("/v1/invites/{short}/stop"), json!({}))
        .await;
    assert_eq!(status, 200);
    let (status, _) = asked.get("/v1/invites/0123").await;
    assert_eq!(status, 404);
    for bad in [
        json!({"uses": 0}),
        json!({"expires_in": 0}),
        json!({"uses": "two"}),
    ] {
        assert_eq!(asked.post("/v1/invites", bad).await.0, 400);
    }
    asked.close().await;
}

#[tokio::test]
async fn a_join_is_pending_and_a_wrong_key_is_told_kindly() {
    let asked = Asked::new();
    let other = Asked::new();
    other.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let (_, made) = other.post("/v1/invites", json!({})).await;
    let key = made["key"].as_str().unwrap();
    let (status, join) = asked
        .post("/v1/joins", json!({"key": key.to_lowercase()}))
        .await;
    assert_eq!((status, join["state"].as_str()), (200, Some("pending")));
    assert_eq!(join["words"].as_str().unwrap().split(' ').count(), 4);
    let (_, again) = asked.post("/v1/joins", json!({"key": key})).await;
    assert_eq!(again["state"], "pending");
    assert!(again["sentence"].as_str().unwrap().contains("already"));
    let (_, own) = other.post("/v1/joins", json!({"key": key})).await;
    assert_eq!(
        (&own["state"], &own["words"]),
        (&json!("joined"), &json!(null))
    );
    let cut = &key[..key.len() - 12];
    for (text, code) in [
        ("", "key-missing"),
        ("?", "not-a-key"),
        (cut, "key-cut-off"),
    ] {
        let (status, problem) = asked.post("/v1/joins", json!({"key": text})).await;
        assert_eq!((status, problem["code"].as_str()), (409, Some(code)));
    }
    let (_, list) = asked.get("/v1/circles").await;
    assert_eq!(list["circles"][0]["state"], "pending");
    let (_, status) = asked.get("/v1/status").await;
    assert_eq!(status["circles"][0]["words"], join["words"]);
    asked.close().await;
    other.close().await;
}

#[tokio::test]
async fn roles_are_told_from_what_came_of_them() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let (_, members) = asked.get("/v1/members").await;
    let me = &id(&members["members"][0])[..8];
    let path = |what: &str| format!("/v1/members/{me}/{what}");
    let give = async |role: &str| {
        let (status, given) = asked.post(&path("role"), json!({"role": role})).await;
        assert_eq!(
            (status, fields(&given)),
            (200, vec!["id", "name", "role", "sentence", "state"])
        );
        (
            given["role"].clone(),
            given["state"].clone(),
            given["sentence"].to_string(),
        )
    };
    let (role, state, _) = give("keeper").await;
    assert_eq!((role, state), (json!("keeper"), json!("already")));
    let (role, state, sentence) = give("member").await;
    assert_eq!((role, state), (json!("member"), json!("done")));
    assert!(sentence.contains("Nobody is a keeper"), "{sentence}");
    // One of one is more than half.
    let (role, state, _) = give("keeper").await;
    assert_eq!((role, state), (json!("keeper"), json!("done")));
    let (status, problem) = asked.post(&path("remove"), json!({})).await;
    assert_eq!(
        (status, problem["code"].as_str()),
        (409, Some("that-is-you"))
    );
    for (path, body) in [
        (path("welcome"), json!({})),
        (path("not-now"), json!({})),
        ("/v1/members/0123/remove".to_owned(), json!({})),
        ("/v1/members/01/role".to_owned(), json!({"role": "keeper"})),
    ] {
        let (status, problem) = asked.post(&path, body).await;
        assert_eq!((status, problem["code"].as_str()), (404, Some("not-found")));
    }
    assert_eq!(
        asked.post(&path("role"), json!({"role": "chief"})).await.0,
        400
    );
    asked.close().await;
}

#[tokio::test]
async fn the_words_are_shown_and_checked() {
    let asked = Asked::new();
    let (status, shown) = asked.get("/v1/words").await;
    let words = shown["words"].as_str().unwrap().to_owned();
    assert_eq!((status, words.split(' ').count()), (200, 24));
    let (_, other) = Asked::new().get("/v1/words").await;
    let check = async |words: &str| {
        let (status, answer) = asked.post("/v1/words/check", json!({"words": words})).await;
        let code = answer["code"].as_str().unwrap_or_default().to_owned();
        (status, code, answer)
    };
    assert_eq!(
        check(&words.to_uppercase().replace(' ', ",\n")).await.0,
        200
    );
    let (status, code, _) = check(other["words"].as_str().unwrap()).await;
    assert_eq!((status, code.as_str()), (409, "other-words"));
    let mut wrong: Vec<&str> = words.split(' ').collect();
    assert_eq!(check(&wrong[1..].join(" ")).await.1, "words-count");
    wrong[4] = "abandonn";
    let (_, code, answer) = check(&wrong.join(" ")).await;
    assert_eq!(code, "words-mistyped");
    let message = answer["message"].as_str().unwrap();
    assert!(message.starts_with("Word 5, \"abandonn\","), "{message}");
    let all_one = ["abandon"; 24].join(" ");
    assert_eq!(check(&all_one).await.1, "words-mixed");
    asked.close().await;
}

#[tokio::test]
async fn the_doctor_looks_at_everything() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let (_, doctor) = asked.get("/v1/doctor").await;
    let checks = doctor["checks"].as_array().unwrap();
    assert!(
        checks
            .iter()
            .all(|check| fields(check) == ["check", "ok", "sentence"])
    );
    for name in ["private", "space", "clock", "running", "circle"] {
        assert!(checks.iter().any(|check| check["check"] == name), "{name}");
    }
    asked.close().await;
}

#[tokio::test]
async fn what_is_not_understood_is_a_problem_too() {
    let asked = Asked::new();
    for path in [
        "/",
        "/v1/nothing",
        "/v1/stories?nonsense=1",
        "/v1/stories?all=perhaps",
    ] {
        let (status, problem) = asked.get(path).await;
        assert_eq!(
            (status, fields(&problem)),
            (400, vec!["code", "message", "next"]),
            "{path}"
        );
    }
    for body in [json!({}), json!([]), json!({"name": "a", "more": 1})] {
        assert_eq!(asked.post("/v1/circles", body).await.0, 400);
    }
    assert_eq!(asked.post("/v1/status", json!({})).await.0, 400);
    let path = with_query("/v1/members", &[("circle", "Tür & Tor")]);
    assert_eq!(asked.get(&path).await.0, 404);
    asked.close().await;
}
