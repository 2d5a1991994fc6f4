//! What a member keeps for themselves alone: drafts, muting, the crisis card.

use super::screens::circle;
use super::*;
use serde_json::Value;

impl Browser {
    /// Saves what stands in a form, as its script does.
    async fn types(&self, path: &str, fields: &str) -> Value {
        let mut request = self.request(Method::POST, path, fields);
        let json = header::HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::ACCEPT, json);
        let came = self.ask(request).await;
        assert_eq!(came.status, 200, "{}", came.body);
        serde_json::from_str(&came.body).unwrap()
    }
}

#[tokio::test]
async fn what_is_typed_is_saved_and_the_form_comes_back_with_it() {
    let (browser, path) = circle().await;
    let save = format!("{path}share/draft");
    let told = browser
        .types(&save, "text=I+sl&ask=ideas&note=sleep&fade=month&draft=")
        .await;
    assert_eq!(told["said"], "Draft saved on this computer.");
    let state = told["draft"].as_str().unwrap();
    let fields = format!("text=I+slept.&ask=ideas&note=sleep&fade=month&draft={state}");
    let told = browser.types(&save, &fields).await;
    let form = browser.get(&format!("{path}share")).await;
    form.says("I slept.</textarea>");
    form.says("value=\"sleep\"");
    form.says("value=\"ideas\" checked");
    form.says("<option value=\"month\" selected>");
    form.says("This is your draft, saved today.");
    form.says(&format!("value=\"{}\"", told["draft"].as_str().unwrap()));
    let feed = browser.get(&path).await;
    feed.says("You began to write something here.");
    assert!(!feed.body.contains("I slept."), "it is not shared");

    let state = form.between("name=\"draft\" value=\"", "\"");
    let fields = format!("text=I+slept+well.&draft={state}");
    let feed = browser.does(&format!("{path}share"), &fields).await;
    feed.says("I slept well.");
    assert!(!feed.body.contains("You began to write"));
    browser.get("drafts").await.says("No drafts.");
    let form = browser.get(&format!("{path}share")).await;
    assert!(!form.body.contains("This is your draft"));
    browser.close().await;
}

#[tokio::test]
async fn a_response_and_an_edit_have_drafts_of_their_own() {
    let (browser, path) = circle().await;
    let feed = browser
        .does(&format!("{path}share"), "text=One.&note=tea")
        .await;
    let id = feed.between("id=\"s-", "\"");
    let respond = format!("{path}story/{id}/respond");
    browser
        .types(&format!("{respond}/draft"), "text=Me+to")
        .await;
    let edit = format!("{path}own/{id}/edit");
    browser
        .types(&format!("{edit}/draft"), "text=One+and&note=")
        .await;
    let story = browser.get(&format!("{path}story/{id}")).await;
    story.says("Me to</textarea>");
    let form = browser.get(&edit).await;
    form.says("One and</textarea>");
    form.says("id=\"note\" name=\"note\" value=\"\"");
    let state = form.between("name=\"draft\" value=\"", "\"");
    let list = browser.get("drafts").await;
    list.says("A response");
    list.says("Other words for what you shared");
    list.says("Tuesday circle");
    let changed = browser
        .does(&edit, &format!("text=One+and+two.&note=&draft={state}"))
        .await;
    changed.says("One and two.");
    let list = browser.get("drafts").await;
    assert!(!list.body.contains("Other words for what you shared"));
    list.says("Me to");
    // The story stands under another id now: the words are still there to be read.
    assert!(!list.body.contains("Go on writing"));
    let drop = list.between("action=\"/abc/drafts/", "\"");
    let list = browser.does(&format!("drafts/{drop}"), "").await;
    list.says("The draft is gone from this computer.");
    list.says("No drafts.");
    browser.close().await;
}

#[tokio::test]
async fn without_script_a_button_keeps_it() {
    let (browser, path) = circle().await;
    let form = browser.get(&format!("{path}share")).await;
    let keep = form.between("formaction=\"/abc/", "\"");
    let list = browser.does(&keep, "text=Later.&ask=listen&draft=").await;
    list.says("Kept as a draft on this computer.");
    list.says("Later.");
    let go_on = list.between("class=\"button\" href=\"/abc/", "\"");
    let form = browser.get(&go_on).await;
    form.says("Later.</textarea>");
    let drop = form.between("formaction=\"/abc/drafts/", "\"");
    browser
        .does(&format!("drafts/{drop}"), "text=Later.")
        .await
        .says("No drafts.");
    let long = "x".repeat(200 * 1024);
    let came = browser.post(&keep, &format!("text={long}&draft=")).await;
    assert_eq!(came.status, 422);
    came.says("not kept as a draft");
    came.says(&long);
    browser.close().await;
}

#[tokio::test]
async fn two_windows_lose_nothing_of_each_other() {
    let (browser, path) = circle().await;
    let save = format!("{path}share/draft");
    let first = browser.types(&save, "text=One&draft=").await;
    let state = first["draft"].as_str().unwrap();
    browser
        .types(&save, &format!("text=One+window&draft={state}"))
        .await;
    let other = browser
        .types(&save, &format!("text=One+door&draft={state}"))
        .await;
    assert!(other["said"].as_str().unwrap().contains("both are kept"));
    let form = browser.get(&format!("{path}share")).await;
    form.says("One door</textarea>");
    form.says("More drafts were begun here.");
    let list = browser.get("drafts").await;
    list.says("One window");
    let (_, rest) = list.body.split_once("One window").unwrap();
    let (_, rest) = rest.split_once("href=\"/abc/").unwrap();
    let form = browser.get(rest.split('"').next().unwrap()).await;
    form.says("One window</textarea>");
    // A form that could not be sent keeps its state, so that its draft goes with the words in the end.
    let state = form.between("name=\"draft\" value=\"", "\"");
    let refused = browser
        .post(&format!("{path}share"), &format!("text=+&draft={state}"))
        .await;
    assert_eq!(refused.status, 422);
    refused.says(&format!("value=\"{state}\""));
    browser
        .does(
            &format!("{path}share"),
            &format!("text=One+window.&draft={state}"),
        )
        .await;
    let list = browser.get("drafts").await;
    list.says("One door");
    assert!(!list.body.contains("One window"));
    browser.close().await;
}

#[tokio::test]
async fn a_draft_of_a_circle_that_was_left_stays_readable() {
    let (browser, path) = circle().await;
    browser
        .types(&format!("{path}share/draft"), "text=Still+mine.")
        .await;
    browser.does(&format!("{path}leave"), "").await;
    let list = browser.get("drafts").await;
    list.says("Still mine.");
    assert!(!list.body.contains("Go on writing"));
    browser.close().await;
}

#[tokio::test]
async fn the_crisis_card_is_there_before_any_circle_and_holds_what_was_filled_in() {
    let browser = Browser::inside().await;
    let home = browser.get("").await;
    home.says("href=\"/abc/crisis\">Crisis card</a>");
    let card = browser.get("crisis").await;
    card.says("No number stands here yet.");
    assert!(!card.body.contains("112"), "no number comes with Circlet");
    browser
        .get("crisis/edit")
        .await
        .says("Circlet brings no numbers of its own");
    let fields = "call=112&call-day=2026-05-03&call=&call-day=&person=Mara+020+%3Cb%3E&person-day=\
                  &helps=A+walk.%0D%0AWater.&agreed=We+call.";
    let card = browser.does("crisis/edit", fields).await;
    card.says("If you might be in danger now, call");
    card.says("112</strong> <span class=\"hint\">checked on 3 May 2026");
    card.says("Mara 020 &#60;b&#62;</strong> <span class=\"hint\">not checked yet");
    card.says("A walk.\nWater.");
    card.says("What my circle agreed");
    let form = browser.get("crisis/edit").await;
    form.says("value=\"112\"");
    form.says("value=\"2026-05-03\"");
    let odd = browser.post("crisis/edit", "call=113&call-day=soon").await;
    assert_eq!(odd.status, 422);
    odd.says("is not one that Circlet can read");
    odd.says("value=\"113\"");
    browser.get("crisis").await.says("112</strong>");
    let blank = browser.does("crisis/edit", "call=&helps=").await;
    blank.says("No number stands here yet.");
    blank.says("Fill in the card");
    browser.post("leave", "").await;
    browser.get("crisis").await.is_closed();
    browser.close().await;
}

#[tokio::test]
async fn where_somebody_was_is_kept_and_what_is_mine_is_no_news() {
    let (browser, path) = circle().await;
    browser.does(&format!("{path}share"), "text=One.").await;
    browser.get(&path).await;
    let handle = browser.running.as_ref().unwrap().handle.clone();
    let place = || async {
        let look = handle.look(|shown| Ok(shown.local.place(shown.circles[0].hint)?));
        look.await.unwrap()
    };
    let first = place().await;
    assert!(first.differs(&crate::local::place::Place::default()));
    // Long ago, before the second story.
    let then = first.clone();
    let kept = handle.keep(move |shown| {
        let newest = shown.circles[0].replica.unwrap().stories(20, shown.now)?;
        let ids: Vec<_> = newest.iter().map(|story| story.thing).collect();
        let long_ago = circlet_model::time::Timestamp(1);
        let place = then.after_look(&ids, long_ago);
        Ok((shown.local.keep_place(shown.circles[0].hint, &place), ()))
    });
    kept.await.unwrap();
    let feed = browser.does(&format!("{path}share"), "text=Two.").await;
    feed.says("Two.");
    assert!(!feed.body.contains("Since you were last here"));
    assert!(place().await.knows());
    let read = browser
        .get(&format!("{path}?after={}", feed.between("id=\"s-", "\"")))
        .await;
    assert!(!read.body.contains("Since you were last here"));
    drop(handle);
    browser.close().await;
}
