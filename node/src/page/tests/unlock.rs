//! Coming back to a home that is locked.

use super::*;
use crate::keystore::Passphrase;

/// Returns a browser before a home that is locked, and opens with this passphrase.
async fn begin(passphrase: Option<&str>) -> (Browser, tokio::task::JoinHandle<driver::Running>) {
    let (mut browser, mut inbox) = Browser::bare();
    let passphrase = passphrase.map(Passphrase::from);
    identity::set_up(&browser.home, "Ana", passphrase.as_ref(), Cost::TINY).unwrap();
    let (home, gate) = (browser.home.clone(), browser.gate.clone());
    let keys = tokio::spawn(async move {
        loop {
            match inbox.recv().await.unwrap() {
                Ask::Unlock(key, reply) => match Keystore::open_by(&home, key.as_ref()) {
                    Ok(keystore) => {
                        let running = open_with(&home, &gate, keystore);
                        reply.send(Ok(true)).unwrap();
                        return running;
                    }
                    Err(error) => reply.send(Err(error.into())).unwrap(),
                },
                Ask::Lock(reply) => reply.send(Ok(false)).unwrap(),
                other => panic!("{other:?}"),
            }
        }
    });
    browser.cookie = browser.follow().await.cookie;
    (browser, keys)
}

#[tokio::test]
async fn the_passphrase_leads_in_and_another_does_not() {
    let (browser, keys) = begin(Some("blue door")).await;
    let asked = browser.get("").await;
    asked.says("Circlet is locked");
    assert!(!asked.body.contains("Ana"), "nothing of the home is said");
    let wrong = browser.post("", "passphrase=red+door").await;
    assert_eq!(wrong.status, 422);
    wrong.says("That passphrase didn&#39;t open it");
    assert!(!wrong.body.contains("red door"), "it is not said back");
    browser.get("circles").await.says("not here");
    let home = browser.does("", "passphrase=blue+door").await;
    home.says("Where would you like to begin?");
    keys.await.unwrap().close().await;
    browser.close().await;
}

#[tokio::test]
async fn the_24_words_lead_in_too_and_a_slip_in_them_is_named() {
    let (browser, keys) = begin(Some("blue door")).await;
    let keystore = Keystore::open(&browser.home, Some(&"blue door".into())).unwrap();
    let words = Identity::load(&keystore).unwrap().words();
    drop(keystore);
    let written = words.replace(' ', "+");
    browser.get("").await.says("Forgotten?");
    let (first, rest) = written.split_once('+').unwrap();
    let slip = browser
        .post("", &format!("passphrase={first}x+{rest}"))
        .await;
    assert_eq!(slip.status, 422);
    slip.says(&format!("Word 1, &#34;{first}x&#34;, is not in the list"));
    let home = browser.does("", &format!("passphrase={written}")).await;
    home.says("Where would you like to begin?");
    keys.await.unwrap().close().await;
    browser.close().await;
}

#[tokio::test]
async fn without_a_passphrase_it_is_one_button() {
    let (browser, keys) = begin(None).await;
    let asked = browser.get("").await;
    asked.says("It has no passphrase");
    assert!(!asked.body.contains("type=\"password\""));
    let home = browser.does("", "").await;
    home.says("Where would you like to begin?");
    keys.await.unwrap().close().await;
    browser.close().await;
}

#[tokio::test]
async fn whoever_waited_before_the_door_is_not_in_when_somebody_else_opens_it() {
    let (mut browser, keys) = begin(Some("blue door")).await;
    let waiting = browser.cookie.take();
    browser.cookie = browser.follow().await.cookie;
    browser.does("", "passphrase=blue+door").await;
    browser.cookie = waiting;
    browser.get("").await.is_closed();
    browser.post("", "passphrase=blue+door").await.is_closed();
    keys.await.unwrap().close().await;
    browser.close().await;
}

#[tokio::test]
async fn whoever_leaves_before_it_is_open_has_left() {
    let (browser, keys) = begin(Some("blue door")).await;
    browser.post("leave", "").await;
    browser.get("").await.is_closed();
    assert!(!browser.stop.is_cancelled());
    keys.abort();
    browser.close().await;
}
