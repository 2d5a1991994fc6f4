//! What a member decides about their own words, their role, their place, and their recovery words.

use super::screens::circle;

#[tokio::test]
async fn a_story_and_a_response_are_changed_in_place() {
    let (browser, path) = circle().await;
    let fields = "text=I+slept.&ask=ideas&note=sleep";
    let feed = browser.does(&format!("{path}share"), fields).await;
    let id = feed.between("id=\"s-", "\"");
    let answered = browser
        .does(&format!("{path}story/{id}/respond"), "text=Me+too.")
        .await;
    let response = answered.between("id=\"r-", "\"");
    let form = browser.get(&format!("{path}own/{response}/edit")).await;
    form.says("Me too.");
    assert!(!form.body.contains("id=\"note\""), "only stories have one");
    let changed = browser
        .does(&format!("{path}own/{response}/edit"), "text=Me+as+well.")
        .await;
    changed.says("Me as well.");
    assert!(!changed.body.contains("Me too."));
    let form = browser.get(&format!("{path}own/{id}/edit")).await;
    form.says("value=\"sleep\"");
    let empty = browser
        .post(&format!("{path}own/{id}/edit"), "text=+&note=rest")
        .await;
    assert_eq!(empty.status, 422);
    empty.says("value=\"rest\"");
    let changed = browser
        .does(&format!("{path}own/{id}/edit"), "text=I+rested.&note=")
        .await;
    changed.says("I rested.");
    changed.says("changed since");
    changed.says("Me as well.");
    assert!(!changed.body.contains("Content note"));
    browser
        .get(&format!("{path}own/{id}/edit"))
        .await
        .says("not here");
    browser.close().await;
}

#[tokio::test]
async fn a_role_is_given_up_and_the_circle_is_left() {
    let (browser, path) = circle().await;
    let members = browser.get(&format!("{path}members")).await;
    let id = members.between("/members/", "\"");
    let me = browser.get(&format!("{path}members/{id}")).await;
    me.says("Be a member like the others");
    assert!(!me.body.contains("Remove"), "one leaves by oneself");
    let role = format!("{path}members/{id}/role");
    let given = browser.does(&role, "role=member").await;
    given.says("Done.");
    assert!(!given.body.contains("Be a member like the others"));
    let removed = browser
        .post(&format!("{path}members/{id}/remove"), "")
        .await;
    removed.says("That is you");
    browser
        .get(&format!("{path}members/abc"))
        .await
        .says("not here");
    browser
        .get(&format!("{path}leave"))
        .await
        .says("you would need a new invite");
    let left = browser.does(&format!("{path}leave"), "").await;
    left.says("You left this circle");
    browser.close().await;
}

#[tokio::test]
async fn the_words_are_shown_when_asked_for_and_compared() {
    let (browser, path) = circle().await;
    let begun = browser.get(&format!("{path}?told=begun")).await;
    begun.says("/words\"");
    let before = browser.get("words").await;
    assert!(!before.body.contains("<ol"), "nothing is shown unasked");
    let shown = browser.post("words/show", "").await;
    let list = shown.between("id=\"words\"", "</ol>");
    let words: Vec<&str> = list
        .split("<li>")
        .skip(1)
        .map(|word| word.split('<').next().unwrap())
        .collect();
    assert_eq!(words.len(), 24);
    let right = browser
        .post("words/check", &format!("written={}", words.join("+")))
        .await;
    right.says("All 24 are right");
    assert!(!right.body.contains("<ol"));
    let wrong = browser.post("words/check", "written=one+two").await;
    assert_eq!(wrong.status, 422);
    wrong.says("There are 2 words, and 24 are needed.");
    browser.close().await;
}
