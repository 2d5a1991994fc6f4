//! The shape of the answers about the circle's agreement.

use super::*;

#[tokio::test]
async fn before_an_agreement_is_begun_it_is_proposed() {
    let asked = Asked::new();
    let (status, none) = asked.get("/v1/agreement").await;
    assert_eq!((status, none["code"].as_str()), (404, Some("no-circle")));
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let (_, none) = asked.get("/v1/agreement").await;
    assert_eq!(
        fields(&none),
        ["beside", "proposal", "sentence", "text", "version"]
    );
    assert_eq!(
        (&none["text"], &none["version"]),
        (&Value::Null, &json!(""))
    );
    assert_eq!(none["proposal"][0], "What is said here stays here.");
    let (status, refused) = asked
        .post("/v1/agreement/agree", json!({"version": ""}))
        .await;
    assert_eq!(
        (status, refused["code"].as_str()),
        (409, Some("no-agreement"))
    );
    asked.close().await;
}

#[tokio::test]
async fn an_agreement_is_begun_changed_and_agreed_to() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let (status, begun) = asked
        .post("/v1/agreement", json!({"text": "Anyone may pass.\r\n"}))
        .await;
    assert_eq!(status, 200, "{begun}");
    let expected = [
        "agreed", "before", "beside", "by", "changed", "mine", "not_yet", "proposal", "sentence",
        "text", "version",
    ];
    assert_eq!(fields(&begun), expected);
    assert_eq!(
        (
            &begun["text"],
            &begun["mine"],
            &begun["by"],
            &begun["agreed"]
        ),
        (
            &json!("Anyone may pass."),
            &json!("yes"),
            &json!("Ana"),
            &json!(["Ana"])
        )
    );
    let seen = begun["version"].clone();
    let edit = |text: &str, version: &Value| json!({"text": text, "version": version});
    asked
        .post("/v1/agreement", edit("Anyone may pass. We listen.", &seen))
        .await;
    let (_, both) = asked
        .post("/v1/agreement", edit("Everyone may pass.", &seen))
        .await;
    assert_eq!(both["text"], "Everyone may pass. We listen.");
    assert_eq!(
        (&both["mine"], &both["before"]),
        (&json!("before"), &json!(["Ana"]))
    );
    let (_, agreed) = asked
        .post("/v1/agreement/agree", json!({"version": both["version"]}))
        .await;
    assert_eq!(agreed["sentence"], "You have agreed to it as it is now.");
    assert_eq!(asked.get("/v1/agreement?circle=tue").await.1, agreed);
    asked.close().await;
}

#[tokio::test]
async fn what_cannot_be_an_agreement_is_refused_in_words() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let long = "a".repeat(4097);
    for (body, code) in [
        (json!({"text": " \n"}), "empty"),
        (json!({"text": long}), "too-long"),
        (
            json!({"text": "Words.", "version": "abc"}),
            "not-understood",
        ),
        (json!({"words": "Words."}), "not-understood"),
    ] {
        let (_, refused) = asked.post("/v1/agreement", body).await;
        assert_eq!(refused["code"], code);
    }
    let (_, none) = asked.get("/v1/agreement").await;
    assert_eq!(none["text"], Value::Null);
    asked.post("/v1/agreement", json!({"text": "Words."})).await;
    let unknown = json!({"version": "ab".repeat(32)});
    let (status, refused) = asked.post("/v1/agreement/agree", unknown).await;
    assert_eq!((status, refused["code"].as_str()), (404, Some("not-found")));
    asked.close().await;
}

#[tokio::test]
async fn the_agreement_is_taken_along_with_the_circle_and_not_with_ones_own_words() {
    let asked = Asked::new();
    asked.post("/v1/circles", json!({"name": "Tuesday"})).await;
    let place = tempfile::tempdir().unwrap();
    let copy = async |name: &str, mine: bool| {
        let folder = place.path().join(name);
        let body = json!({"folder": folder, "mine": mine});
        let (status, copied) = asked.post("/v1/copies", body).await;
        assert_eq!(status, 200, "{copied}");
        folder.join("tuesday")
    };
    assert!(!copy("none", false).await.join("agreement.md").exists());
    let words = json!({"text": "Anyone may pass.\nWe listen."});
    let (_, begun) = asked.post("/v1/agreement", words).await;
    let folder = copy("all", false).await;
    let read = |end: &str| std::fs::read(folder.join(format!("agreement.{end}"))).unwrap();
    let page = String::from_utf8(read("md")).unwrap();
    let changed = begun["changed"].as_str().unwrap();
    assert_eq!(
        page,
        format!(
            "The agreement of Tuesday, last changed by Ana, {changed}\n\nAnyone may pass.  \nWe listen.\n\n\
             You have agreed to it as it is now.\n"
        )
    );
    let mut told: Value = serde_json::from_slice(&read("json")).unwrap();
    assert_eq!(told["agreed"], json!(["Ana"]));
    told["proposal"] = begun["proposal"].clone();
    assert_eq!(told, begun);
    assert_eq!(read("automerge")[..4], [0x85, 0x6f, 0x4a, 0x83]);
    assert!(!copy("mine", true).await.join("agreement.md").exists());
    asked.close().await;
}
