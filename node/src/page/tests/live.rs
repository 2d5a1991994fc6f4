//! What a screen is told while it is shown.

use super::screens::circle;
use super::*;
use serde_json::Value;

/// What a screen is told, one after the other.
struct Told(Body);

impl Told {
    async fn of(browser: &Browser, path: &str) -> Self {
        let request = browser.request(Method::GET, path, "");
        let answer = browser.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        Self(answer.into_body())
    }

    /// Returns the next; nothing once there is no more.
    async fn next(&mut self) -> Option<Value> {
        let frame = self.0.frame().await?.unwrap().into_data().unwrap();
        let text = String::from_utf8(frame.to_vec()).unwrap();
        let json = text.strip_prefix("data: ").unwrap().trim_end();
        Some(serde_json::from_str(json).unwrap())
    }
}

#[tokio::test]
async fn what_is_taken_back_goes_from_the_screen_and_what_is_mine_is_not_news() {
    let (browser, path) = circle().await;
    let feed = browser
        .does(&format!("{path}share"), "text=One.&ask=ideas")
        .await;
    let id = feed.between("id=\"s-", "\"");
    let live = feed.between("data-live=\"/abc/", "\"");
    let mut told = Told::of(&browser, &live).await;
    let first = told.next().await.unwrap();
    assert!(first["state"].as_str().unwrap().contains("the only one"));
    assert_eq!(
        (&first["new"], first["gone"].as_array().unwrap().len()),
        (&Value::Null, 0)
    );
    browser
        .does(&format!("{path}share"), "text=Two.&ask=ideas")
        .await;
    browser.does(&format!("{path}own/{id}/take-back"), "").await;
    let then = told.next().await.unwrap();
    assert_eq!(then["new"], Value::Null);
    assert_eq!(then["gone"], serde_json::json!([id]));
    browser.close().await;
    assert!(told.next().await.is_none(), "it ends with the home");
}

#[tokio::test]
async fn a_story_tells_of_itself_and_strange_paths_are_refused() {
    let (browser, path) = circle().await;
    let feed = browser
        .does(&format!("{path}share"), "text=One.&ask=ideas")
        .await;
    let id = feed.between("id=\"s-", "\"");
    let story = browser.get(&format!("{path}story/{id}")).await;
    let mut told = Told::of(&browser, &story.between("data-live=\"/abc/", "\"")).await;
    let first = told.next().await.unwrap();
    assert_eq!(first["gone"].as_array().unwrap().len(), 0);
    browser.does(&format!("{path}own/{id}/take-back"), "").await;
    assert_eq!(told.next().await.unwrap()["gone"], serde_json::json!([id]));
    browser
        .get(&format!("{path}live?last=odd"))
        .await
        .says("not here");
    browser
        .get(&format!("{path}story/odd/live"))
        .await
        .says("not here");
    browser.close().await;
}

#[tokio::test]
async fn the_agreement_tells_that_it_was_changed_or_answered() {
    let (browser, path) = circle().await;
    let agreement = format!("{path}agreement");
    let live = |screen: &Came| screen.between("data-live=\"/abc/", "\"");
    let none = browser.get(&agreement).await;
    let mut told = Told::of(&browser, &live(&none)).await;
    assert_eq!(told.next().await.unwrap()["new"], Value::Null);
    let one = browser.does(&agreement, "version=&text=One.").await;
    let then = told.next().await.unwrap();
    assert_eq!(then["new"], "The agreement was changed. Show it");
    assert_eq!(
        (&then["at"], &then["gone"]),
        (&Value::Null, &serde_json::json!([]))
    );
    // Changed by two who have not seen each other's: nobody has agreed to what became of it.
    let version = one.between("agreement/live?version=", "&");
    for words in ["One.+Two.", "Three."] {
        let fields = format!("version={version}&text={words}");
        browser.does(&agreement, &fields).await;
    }
    let both = browser.get(&agreement).await;
    let mut told = Told::of(&browser, &live(&both)).await;
    assert_eq!(told.next().await.unwrap()["new"], Value::Null);
    let version = both.between("agreement/live?version=", "&");
    let yes = format!("version={version}");
    browser.does(&format!("{agreement}/agree"), &yes).await;
    let then = told.next().await.unwrap();
    assert_eq!(then["new"], "Somebody has answered. Show it");
    browser.close().await;
}
