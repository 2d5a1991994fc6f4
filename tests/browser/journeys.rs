//! What members do on the page, from the link on.

use super::chromium::Chromium;
use super::{PROGRAM, ana, link};
use circlet_tests::nodes::Computer;

#[tokio::test(flavor = "multi_thread")]
async fn from_a_link_to_a_story_that_somebody_else_reads_and_answers() {
    let mut ana = Computer::bare(PROGRAM);
    ana.start_bare();
    let page = Chromium::start().await;
    page.goto(&link(&ana)).await;
    page.says("Step 1 of 3").await;
    page.types("name", "Ana").await;
    page.sends().await;
    page.says("Step 2 of 3").await;
    page.click("#keep-here").await;
    page.sends().await;
    page.says("Step 3 of 3").await;
    page.follows("Start a circle").await;
    page.types("name", "Tuesday circle").await;
    page.sends().await;
    page.says("You are the only one here so far").await;

    page.follows("Invite").await;
    page.sends().await;
    page.says("Your invite").await;
    let key = page.web.find(thirtyfour::By::Id("key")).await.unwrap();
    let key = key.text().await.unwrap();
    let mut bo = Computer::of(PROGRAM, "Bo");
    bo.start();
    let theirs = Chromium::start().await;
    theirs.goto(&link(&bo)).await;
    theirs.follows("I have an invite").await;
    theirs.types("key", &key).await;
    theirs.sends().await;
    theirs.comes_to_say("Up to date with everyone").await;

    page.follows("Share").await;
    page.types(
        "text",
        "I slept well.\n<img src=x onerror=alert(1)><script>alert(2)</script>",
    )
    .await;
    page.click("#ask-experience").await;
    page.sends().await;
    page.says("Shared. It is safe on this computer").await;
    page.says("<script>alert(2)</script>").await;

    theirs.comes_to_say("I slept well.").await;
    theirs
        .says("Ana would like to hear how it was for others.")
        .await;
    theirs.follows("Respond to Ana").await;
    theirs.says("How was it for you?").await;
    theirs.types("text", "It took me a year.").await;
    theirs.sends().await;
    theirs.says("It took me a year.").await;
    assert!(theirs.url().await.contains("#r-"));

    page.follows("See what was answered").await;
    page.comes_to_say("It took me a year.").await;
    let scripts = page.asks("return document.querySelectorAll('main script, main img').length");
    assert_eq!(scripts.await, 0);
    page.follows("Take this story back").await;
    page.sends().await;
    page.says("Gone from").await;
    theirs.follows("Stories").await;
    theirs.comes_to_say("Nothing here yet").await;
    page.is_quiet().await;
    theirs.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_quickly_leaves_nothing_behind_back() {
    let ana = ana();
    ana.share("Something private.");
    let page = Chromium::start().await;
    page.goto(&link(&ana)).await;
    page.says("Something private.").await;
    page.follows("Members").await;
    page.says("Keeper").await;
    let key = thirtyfour::Key::Escape;
    let press = async || {
        let keys = page.web.action_chain().send_keys(key.clone());
        keys.perform().await
    };
    press().await.unwrap();
    page.says("Escape twice more to leave.").await;
    press().await.unwrap();
    press().await.unwrap();
    page.says("This page is closed").await;
    assert_eq!(ana.data(&["lock"])["locked"], true);
    for _ in 0..3 {
        page.web.back().await.unwrap();
        let text = page.text().await;
        assert!(
            !text.contains("private") && !text.contains("Keeper"),
            "{text}"
        );
    }
    page.goto(&link(&ana)).await;
    page.says("Something private.").await;
    page.click("#leave button").await;
    page.says("This page is closed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_works_without_script() {
    let ana = ana();
    let page = Chromium::start().await;
    page.tells(
        "Emulation.setScriptExecutionDisabled",
        serde_json::json!({"value": true}),
    )
    .await;
    page.goto(&link(&ana)).await;
    page.follows("Share").await;
    page.types("text", "Without a script.").await;
    page.types("note", "quiet things").await;
    page.sends().await;
    page.says("Content note: quiet things").await;
    page.click("summary").await;
    page.says("Without a script.").await;
    page.click("#leave button").await;
    page.says("This page is closed").await;
    page.web.back().await.unwrap();
    page.says("This page is closed").await;
}
