//! Gestures on the page of one computer: what stands on one's own story, and what is refused. What two people
//! see of each other is in the browser's journeys.

use super::screens::circle;

#[tokio::test]
async fn ones_own_story_offers_no_gesture_and_asks_nothing() {
    let (browser, path) = circle().await;
    let feed = browser.does(&format!("{path}share"), "text=One.").await;
    let id = feed.between("id=\"s-", "\"");
    let story = browser.get(&format!("{path}story/{id}")).await;
    assert!(!story.body.contains("id=\"gestures\""), "{}", story.body);
    let gesture = format!("{path}story/{id}/gesture");
    let refused = browser.post(&gesture, "says=with-you").await;
    assert_eq!(refused.status, 409);
    refused.says("This is your own story.");
    refused.says("add words of your own below it");
    // The story asks for listening; whoever shared it is not asked.
    let respond = format!("{path}story/{id}/respond");
    let answered = browser.does(&respond, "text=One+more+thing.").await;
    answered.says("One more thing.");
    for fields in ["says=a-heart", "says=with-you&says=with-you"] {
        let odd = browser.post(&gesture, fields).await;
        assert!([400, 409, 422].contains(&odd.status), "{}", odd.status);
    }
    let nothing = browser.post(&gesture, "").await;
    assert_eq!(nothing.status, 303);
    let far = format!("{path}story/{}/gesture", "f".repeat(32));
    assert_eq!(browser.post(&far, "says=with-you").await.status, 404);
    browser.close().await;
}

#[tokio::test]
async fn a_screen_says_which_gesture_it_knows() {
    let (browser, path) = circle().await;
    let feed = browser.does(&format!("{path}share"), "text=One.").await;
    let id = feed.between("id=\"s-", "\"");
    let story = browser.get(&format!("{path}story/{id}")).await;
    let live = story.between("data-live=\"/abc/", "\"");
    assert_eq!(live, format!("{path}story/{id}/live?last={id}"));
    story.says(&format!("data-here=\"/abc/{path}story/{id}\""));
    let odd = browser.get(&format!("{live}&gesture=odd")).await;
    odd.says("not here");
    browser.close().await;
}
