//! The first run: a name, what opens Circlet, and then the home is open.

use super::*;
use crate::problem::Problem;

/// Returns a browser before a home that whoever holds the keys sets up when asked.
async fn begin() -> (Browser, tokio::task::JoinHandle<driver::Running>) {
    let (mut browser, mut inbox) = Browser::bare();
    browser.home.create().unwrap();
    let (home, gate) = (browser.home.clone(), browser.gate.clone());
    let keys = tokio::spawn(async move {
        let Some(Ask::SetUp {
            name,
            passphrase,
            reply,
        }) = inbox.recv().await
        else {
            panic!("only to set up is asked");
        };
        assert!(passphrase.is_none());
        identity::set_up(&home, &name, None, Cost::TINY).unwrap();
        let running = open(&home, &gate);
        reply.send(Ok::<_, Problem>(())).unwrap();
        running
    });
    browser.cookie = browser.follow().await.cookie;
    (browser, keys)
}

#[tokio::test]
async fn three_screens_lead_into_an_open_home() {
    let (browser, keys) = begin().await;
    browser.get("").await.says("Step 1 of 3");
    let second = browser.does("", "name=Ana+Lu").await;
    second.says("Step 2 of 3");
    browser.get("").await.says("value=\"Ana Lu\"");
    let third = browser.does("key", "keep=here").await;
    third.says("Step 3 of 3");
    third.says("Start a circle");
    let sentences = browser.does("new", "name=Tuesday").await;
    sentences.says("What is said here stays here.");
    let path = sentences.between("method=\"post\" action=\"/abc/c/", "agreement\"");
    let fields = "version=&new=true&text=&proposal-1=yes";
    let feed = browser.does(&format!("c/{path}agreement"), fields).await;
    feed.says("You are the only one here so far");
    let running = keys.await.unwrap();
    let name = running.handle.look(|shown| Ok(shown.circles.len())).await;
    assert_eq!(name.unwrap(), 1);
    running.close().await;
    browser.close().await;
}

#[tokio::test]
async fn what_does_not_fit_is_asked_again_in_plain_words() {
    let (browser, keys) = begin().await;
    let nameless = browser.post("", "name=++").await;
    assert_eq!(nameless.status, 422);
    nameless.says("role=\"alert\"");
    nameless.says("A name has at least one letter");
    let early = browser.post("key", "keep=here").await;
    assert_eq!((early.status, early.to.as_str()), (303, BASE));
    browser.does("", "name=Ana").await;
    let empty = browser.post("key", "keep=passphrase").await;
    empty.says("The passphrase is empty");
    let other = browser.post(
        "key",
        "keep=passphrase&passphrase=blue+door&again=blue+floor",
    );
    let other = other.await;
    assert_eq!(other.status, 422);
    other.says("were not the same");
    assert!(!other.body.contains("blue"), "it is not said back");
    let odd = browser.post("key", "keep=elsewhere").await;
    odd.says("Nothing was changed");
    assert!(browser.gate.is_locked() && !browser.home.keys().exists());
    keys.abort();
    browser.close().await;
}

#[tokio::test]
async fn whoever_has_no_session_sets_nothing_up() {
    let (mut browser, keys) = begin().await;
    let ours = browser.cookie.take();
    browser.get("").await.is_closed();
    browser.post("", "name=Eve").await.is_closed();
    browser.post("key", "keep=here").await.is_closed();
    browser.cookie = ours;
    browser.get("c/abc/").await.says("not here");
    browser.post("leave", "").await;
    assert!(browser.stop.is_cancelled(), "there is nothing to lock");
    keys.abort();
    browser.close().await;
}
