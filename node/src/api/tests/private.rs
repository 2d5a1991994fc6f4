//! What a member keeps for themselves alone: the shape of every answer.

use super::*;

#[tokio::test]
async fn a_draft_is_kept_listed_sent_and_dropped() {
    let asked = Asked::new();
    let empty = asked.get("/v1/drafts").await;
    assert_eq!(empty, (200, json!({ "drafts": [] })));
    let (_, circle) = asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let body = json!({"text": "One.\r\nTwo.", "note": "tea", "ask": "ideas", "fade": 7});
    let (status, kept) = asked.post("/v1/drafts", body).await;
    assert_eq!(status, 200, "{kept}");
    let (_, list) = asked.get("/v1/drafts?circle=tue").await;
    let draft = &list["drafts"][0];
    let expected = [
        "about", "ask", "circle", "fade", "id", "kind", "note", "saved", "text",
    ];
    assert_eq!(fields(draft), expected);
    assert_eq!(
        (&draft["kind"], &draft["circle"]),
        (&json!("story"), &json!("Tuesday"))
    );
    assert_eq!(
        (&draft["text"], &draft["fade"]),
        (&json!("One.\nTwo."), &json!(7))
    );

    let id = id(&kept);
    let (status, sent) = asked
        .post(&format!("/v1/drafts/{}/send", &id[..8]), json!({}))
        .await;
    assert_eq!(status, 200, "{sent}");
    let story = sent["id"].as_str().unwrap().to_owned();
    let (_, read) = asked.get(&format!("/v1/stories/{story}")).await;
    let read = &read["stories"][0];
    assert_eq!(
        (&read["note"], &read["ask"]),
        (&json!("tea"), &json!("ideas"))
    );
    assert!(read["fades"].is_string());
    assert_eq!(asked.get("/v1/drafts").await, empty);
    assert!(circle["id"].is_string());
    asked.close().await;
}

#[tokio::test]
async fn a_draft_becomes_a_response_or_an_edit_or_nothing() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let told = json!({"text": "One.", "note": "tea"});
    let story = id(&asked.post("/v1/stories", told).await.1);
    for (field, text) in [("to", "An answer."), ("of", "Other words.")] {
        let body = json!({"text": text, field: story});
        let (_, kept) = asked.post("/v1/drafts", body).await;
        let id = kept["id"].as_str().unwrap().to_owned();
        let (status, sent) = asked
            .post(&format!("/v1/drafts/{id}/send"), json!({}))
            .await;
        assert_eq!(status, 200, "{sent}");
    }
    let (_, read) = asked.get("/v1/stories").await;
    assert_eq!(read["stories"][0]["text"], "Other words.");
    assert_eq!(
        read["stories"][0]["note"], "tea",
        "what a draft does not say stays"
    );
    assert_eq!(read["stories"][0]["responses"][0]["text"], "An answer.");

    let (_, kept) = asked.post("/v1/drafts", json!({"text": "Gone."})).await;
    let id = kept["id"].as_str().unwrap().to_owned();
    let dropped = asked
        .post(&format!("/v1/drafts/{id}/drop"), json!({}))
        .await;
    assert_eq!(dropped, (200, json!({ "id": id })));
    let (status, _) = asked
        .post(&format!("/v1/drafts/{id}/send"), json!({}))
        .await;
    assert_eq!(status, 404);
    let (status, none) = asked.post("/v1/drafts", json!({"text": " "})).await;
    assert_eq!((status, none["code"].as_str()), (409, Some("empty")));
    asked.close().await;
}

#[tokio::test]
async fn a_draft_that_could_not_be_sent_stays() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let body = json!({"text": "To nothing.", "to": "f".repeat(32)});
    let (_, kept) = asked.post("/v1/drafts", body).await;
    let path = format!("/v1/drafts/{}/send", id(&kept));
    assert_eq!(asked.post(&path, json!({})).await.0, 404);
    let (_, list) = asked.get("/v1/drafts").await;
    assert_eq!(list["drafts"][0]["text"], "To nothing.");
    asked.close().await;
}

#[tokio::test]
async fn nobody_mutes_themselves_or_a_stranger() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let (_, members) = asked.get("/v1/members").await;
    assert_eq!(members["members"][0]["muted"], false);
    let me = id(&members["members"][0]);
    let (status, refused) = asked
        .post(&format!("/v1/members/{me}/mute"), json!({}))
        .await;
    assert_eq!(
        (status, refused["code"].as_str()),
        (409, Some("that-is-you"))
    );
    let stranger = format!("/v1/members/{}/mute", "f".repeat(64));
    assert_eq!(asked.post(&stranger, json!({})).await.0, 404);
    asked.close().await;
}

#[tokio::test]
async fn the_crisis_card_belongs_to_no_circle() {
    let asked = Asked::new();
    let blank = json!({"call": [], "people": [], "helps": "", "agreed": ""});
    assert_eq!(asked.get("/v1/crisis").await, (200, blank));
    let card = json!({
        "call": [{"what": " 112 ", "checked": "2026-05-03"}, {"what": " ", "checked": null}],
        "people": [{"what": "Mara", "checked": ""}],
        "helps": "Tea.\n",
    });
    let kept = json!({
        "call": [{"what": "112", "checked": "2026-05-03"}],
        "people": [{"what": "Mara", "checked": null}],
        "helps": "Tea.",
        "agreed": "",
    });
    assert_eq!(asked.post("/v1/crisis", card).await, (200, kept.clone()));
    let much = json!({"people": vec![json!({"what": "Mara"}); 9]});
    let (status, refused) = asked.post("/v1/crisis", much).await;
    assert_eq!(
        (status, refused["code"].as_str()),
        (409, Some("card-too-long"))
    );
    assert_eq!(asked.get("/v1/crisis").await, (200, kept));
    asked.close().await;
}

#[tokio::test]
async fn when_the_last_backup_was_made_is_said_and_a_failed_one_is_none() {
    let asked = Asked::new();
    let none = json!({"made": null, "sentence": "No backup has been made yet."});
    assert_eq!(asked.get("/v1/status").await.1["backup"], none);
    let place = tempfile::tempdir().unwrap();
    let make = async || {
        let body = json!({"path": place.path().join("backup")});
        asked.post("/v1/backups", body).await
    };
    std::fs::write(place.path().join("backup"), "something else").unwrap();
    assert_eq!(make().await.1["code"], "file-exists");
    assert_eq!(asked.get("/v1/status").await.1["backup"], none);
    std::fs::remove_file(place.path().join("backup")).unwrap();
    assert_eq!(make().await.0, 200);
    let (_, status) = asked.get("/v1/status").await;
    let backup = &status["backup"];
    let day: jiff::civil::Date = backup["made"].as_str().unwrap().parse().unwrap();
    let said = day.strftime("%-d %B %Y");
    assert_eq!(
        backup["sentence"],
        format!("Your last backup was made on {said}.")
    );
    let (_, doctor) = asked.get("/v1/doctor").await;
    let mut checks = doctor["checks"].as_array().unwrap().iter();
    let found = checks.find(|check| check["check"] == "backup").unwrap();
    assert_eq!(
        (&found["ok"], &found["sentence"]),
        (&json!(true), &backup["sentence"])
    );
    asked.close().await;
}
