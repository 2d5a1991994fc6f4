//! How every screen looks: pictures for people, in `target/screenshots`, at four widths and in both schemes.

use super::chromium::Chromium;
use super::{PROGRAM, ana, link};
use circlet_tests::nodes::{Computer, text};

#[tokio::test(flavor = "multi_thread")]
async fn the_first_run_has_its_pictures() {
    let mut ana = Computer::bare(PROGRAM);
    ana.start_bare();
    let page = Chromium::start().await;
    page.goto(&link(&ana)).await;
    page.pictures("01-name").await;
    page.types("name", "\u{a0}").await;
    page.sends().await;
    page.says("A name has at least one letter").await;
    page.pictures("02-name-trouble").await;
    page.types("name", "Ana").await;
    page.sends().await;
    page.says("Step 2 of 3").await;
    page.pictures("03-key").await;
    page.click("#keep-here").await;
    page.sends().await;
    page.says("Step 3 of 3").await;
    page.pictures("04-begin").await;
    page.follows("I have an invite").await;
    page.types("key", "3ZRD-").await;
    page.sends().await;
    page.pictures("05-join-trouble").await;
    page.follows("Not now").await;
    page.follows("Start a circle").await;
    page.pictures("06-new").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_has_its_pictures() {
    let ana = ana();
    let page = Chromium::start().await;
    page.goto(&link(&ana)).await;
    page.pictures("10-feed-empty").await;
    let mut bo = Computer::of(PROGRAM, "Bo");
    bo.start();
    let key = text(&ana.data(&["invite"]), "key");
    bo.data_from(&key, &["join", "-"]);
    page.comes_to_say("Up to date with everyone").await;
    bo.share(
        "The evenings are the hardest. I made tea, sat by the window and counted the lights across the \
         street until it passed.\n\nThank you for being here.",
    );
    page.comes_to_say("The evenings").await;
    page.follows("Share").await;
    page.pictures("11-share").await;
    page.types(
        "text",
        "I called my sister today. We had not talked since March.",
    )
    .await;
    page.types("note", "grief").await;
    page.click("#ask-ideas").await;
    page.sends().await;
    page.says("Content note: grief").await;
    page.pictures("12-feed").await;
    page.follows("Respond to Bo").await;
    page.types("text", "I know those evenings.").await;
    page.sends().await;
    page.says("I know those evenings.").await;
    page.pictures("13-story").await;
    page.follows("Stories").await;
    page.follows("See what was answered").await;
    page.pictures("14-own-story").await;
    page.follows("Take this story back").await;
    page.pictures("15-take-back").await;
    page.sends().await;
    page.says("Gone from").await;
    page.pictures("16-gone").await;
    page.follows("Members").await;
    page.pictures("17-members").await;
    page.follows("Invite").await;
    page.pictures("18-invite").await;
    page.sends().await;
    page.says("Your invite").await;
    page.pictures("19-invite-key").await;
    page.follows("All invites").await;
    page.pictures("20-invites").await;
    page.follows("Circles").await;
    page.pictures("21-circles").await;
    page.goto(&format!("{}nothing", page.url().await)).await;
    page.pictures("22-problem").await;
    page.click("#leave button").await;
    page.says("This page is closed").await;
    page.pictures("23-closed").await;
}
