//! The circle's agreement on the page: begun, read, changed, agreed to.

use super::screens::circle;

#[tokio::test]
async fn an_agreement_is_begun_with_sentences_to_keep_and_words_of_ones_own() {
    let (browser, path) = circle().await;
    let agreement = format!("{path}agreement");
    browser.get(&agreement).await.says("no agreement yet");
    let form = browser.get(&format!("{agreement}/edit?new=true")).await;
    form.says("id=\"proposal-1\" name=\"proposal-1\" value=\"yes\" checked");
    form.says("We don&#39;t keep score.");
    form.says("?told=begun");
    let fields = "version=&proposal-1=yes&proposal-3=yes&text=We+are+%3Cb%3Ekind%3C/b%3E.&new=true";
    let feed = browser.does(&agreement, fields).await;
    feed.says("Nothing here yet");
    feed.says("/words\"");
    assert!(!feed.body.contains("Read it when you have a moment"));
    let read = browser.get(&agreement).await;
    read.says(
        "What is said here stays here.\nAnyone may pass.\nWe are &#60;b&#62;kind&#60;/b&#62;.",
    );
    assert!(!read.body.contains("No fixing unless asked."));
    read.says("You began it today.");
    read.says("You have agreed to it as it is now.");
    assert!(
        !read.body.contains("I agree to this"),
        "nothing is asked twice"
    );
    browser
        .get(&format!("{path}members"))
        .await
        .says("Our agreement");
    browser.close().await;
}

#[tokio::test]
async fn an_agreement_is_changed_and_what_came_meanwhile_stays() {
    let (browser, path) = circle().await;
    let agreement = format!("{path}agreement");
    browser
        .does(&agreement, "version=&text=Anyone+may+pass.")
        .await;
    let form = browser.get(&format!("{agreement}/edit")).await;
    form.says("Anyone may pass.</textarea>");
    let seen = form.between("name=\"version\" value=\"", "\"");
    let now = format!("version={seen}&text=Anyone+may+pass.%0D%0AWe+listen.");
    let changed = browser.does(&agreement, &now).await;
    changed.says("Saved. The others see it");
    changed.says("Anyone may pass.\nWe listen.");
    changed.says("You changed it last, today.");
    let late = format!("version={seen}&text=Everyone+may+pass.");
    let both = browser.does(&agreement, &late).await;
    both.says("Everyone may pass.\nWe listen.");
    both.says("You agreed to earlier words.");
    let version = both.between("name=\"version\" value=\"", "\"");
    let yes = format!("version={version}");
    let agreed = browser.does(&format!("{agreement}/agree"), &yes).await;
    agreed.says("You have agreed to it as it is now.");
    browser.close().await;
}

#[tokio::test]
async fn what_was_written_is_kept_when_it_cannot_be_the_agreement() {
    let (browser, path) = circle().await;
    let agreement = format!("{path}agreement");
    let empty = browser.post(&agreement, "version=&text=+").await;
    assert_eq!(empty.status, 422);
    empty.says("There is no text yet");
    let long = "long ".repeat(1_000);
    let fields = format!("version=&text={long}&proposal-2=yes");
    let came = browser.post(&agreement, &fields).await;
    assert_eq!(came.status, 422);
    came.says(long.trim_end());
    came.says("id=\"proposal-2\" name=\"proposal-2\" value=\"yes\" checked");
    came.says("id=\"proposal-1\" name=\"proposal-1\" value=\"yes\">");
    let none = browser
        .post(&format!("{agreement}/agree"), "version=")
        .await;
    none.says("no agreement yet");
    let nonsense = browser.post(&agreement, "version=zz&text=Words.").await;
    assert_eq!(nonsense.status, 422);
    browser.close().await;
}
