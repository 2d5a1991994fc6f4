//! This computer, what a circle has settled, further computers, backups, and how the circle is doing.

use super::screens::circle;
use super::*;
use std::path::Path;

/// Returns a path as a form sends it.
fn field(path: &Path) -> String {
    path.display().to_string().replace('/', "%2F")
}

#[tokio::test]
async fn it_locks_now_or_by_itself_as_it_is_told() {
    let (browser, path) = circle().await;
    let feed = browser.get(&path).await;
    feed.says("This computer</a>");
    let computer = browser.get("computer").await;
    computer.says("<option value=\"0\" selected>Never: only when I say so");
    let told = browser.does("computer/silence", "after=15").await;
    told.says("It is kept so");
    told.says("<option value=\"15\" selected>15 minutes");
    browser
        .gate
        .set_silence(Some(std::time::Duration::from_secs(90)));
    let other = browser.get("computer").await;
    other.says("<option value=\"\" selected>2 minutes");
    let same = browser.does("computer/silence", "after=").await;
    same.says("<option value=\"\" selected>2 minutes");
    let never = browser.does("computer/silence", "after=0").await;
    never.says("<option value=\"0\" selected>");
    never.says("action=\"/abc/leave\"");
    browser.post("leave", "").await.says("This page is closed");
    assert!(browser.gate.is_locked());
    browser.close().await;
}

#[tokio::test]
async fn a_passphrase_is_set_changed_and_taken_away() {
    let browser = Browser::inside().await;
    browser.get("computer").await.says("There is no passphrase");
    let set = browser.get("computer/passphrase").await;
    set.says("Set a passphrase");
    assert!(!set.body.contains("name=\"now\"") && !set.body.contains("Go without"));
    let two = browser.post(
        "computer/passphrase",
        "passphrase=blue+door&again=blue+floor",
    );
    let two = two.await;
    assert_eq!(two.status, 422);
    two.says("were not the same");
    two.says("autocomplete=\"new-password\" aria-describedby=\"new-hint\" aria-invalid=\"true\"");
    assert!(!two.body.contains("blue"), "it is not said back");
    let empty = browser
        .post("computer/passphrase", "passphrase=&again=")
        .await;
    empty.says("The passphrase is empty");
    let set = browser.does(
        "computer/passphrase",
        "passphrase=blue+door&again=blue+door",
    );
    set.await
        .says("From now on Circlet opens here with your passphrase");
    assert!(Keystore::needs_passphrase(&browser.home).unwrap());
    let change = "now=red+door&passphrase=green+door&again=green+door";
    let wrong = browser.post("computer/passphrase", change).await;
    assert_eq!(wrong.status, 422);
    wrong.says("That passphrase didn&#39;t open it");
    wrong.says("aria-describedby=\"now-hint\" aria-invalid=\"true\"");
    let changed = change.replace("red", "blue");
    let changed = browser.does("computer/passphrase", &changed).await;
    changed.says("Your passphrase is changed.");
    let none = browser.post("computer/passphrase", "now=blue+door").await;
    none.says("That passphrase didn&#39;t open it");
    let none = browser.does("computer/passphrase", "now=green+door").await;
    none.says("There is no passphrase any more.");
    assert!(!Keystore::needs_passphrase(&browser.home).unwrap());
    browser.close().await;
}

#[tokio::test]
async fn keepers_settle_how_long_stories_stay_and_sharing_offers_it() {
    let (browser, path) = circle().await;
    browser
        .get(&format!("{path}members"))
        .await
        .says("What this circle has settled");
    let settings = browser.get(&format!("{path}settings")).await;
    settings.says("<option value=\"0\" selected>Until they are taken back");
    settings.says("value=\"silent\" checked");
    let share = browser.get(&format!("{path}share")).await;
    share.says("As settled here: it stays");
    let settled = browser
        .does(&format!("{path}settings"), "fade=7&tells=say")
        .await;
    settled.says("It is settled so");
    settled.says("<option value=\"7\" selected>A week");
    settled.says("value=\"say\" checked");
    let share = browser.get(&format!("{path}share")).await;
    share.says("As settled here: after 7 days");
    browser
        .does(&format!("{path}settings"), "fade=3&tells=silent")
        .await;
    let settings = browser.get(&format!("{path}settings")).await;
    settings.says("<option value=\"3\" selected>3 days");
    let odd = browser
        .post(&format!("{path}settings"), "fade=7&tells=perhaps")
        .await;
    odd.says("Nothing was changed");
    browser.close().await;
}

#[tokio::test]
async fn another_computer_is_added_with_a_key_and_four_words() {
    let (browser, path) = circle().await;
    let computers = browser.get(&format!("{path}computers")).await;
    computers.says("This computer");
    computers.says("In the circle since today.");
    assert!(!computers.body.contains("Then compare four words"));
    let key = browser.post(&format!("{path}computers"), "").await;
    assert_eq!(key.status, 200);
    let text = key.between("class=\"key\" id=\"key\">", "<");
    assert!(text.len() > 20 && text.contains('-'), "{text}");
    key.says("<path class=\"qr-dark\" d=\"M");
    key.says("This key does not say where your computer is");
    let again = browser.get(&format!("{path}computers")).await;
    again.says("Then compare four words");
    let confirm = format!("{path}computers/confirm");
    let early = browser.post(&confirm, "words=one+two+three+four").await;
    assert_eq!(early.status, 422);
    early.says("role=\"alert\"");
    early.says("No other computer of yours waits");
    let nobody = format!("{path}computers/{}/remove", "f".repeat(64));
    assert_eq!(browser.post(&nobody, "").await.status, 404);
    browser.close().await;
}

#[tokio::test]
async fn a_second_computer_says_which_words_to_type_and_takes_no_invite() {
    let (first, path) = circle().await;
    let key = first.post(&format!("{path}computers"), "").await;
    let key = key.between("class=\"key\" id=\"key\">", "<");
    let invite = first
        .does(&format!("{path}invite"), "uses=1&days=7&history=all")
        .await;
    let invite = invite.between("class=\"key\" id=\"key\">", "<");
    let second = Browser::inside().await;
    second
        .get("")
        .await
        .says("I have a key from my other computer");
    second.get("link").await.says("The key");
    let wrong = second.post("link", &format!("key={invite}")).await;
    assert_eq!(wrong.status, 422);
    wrong.says("This is an invite key");
    wrong.says(&format!("{invite}</textarea>"));
    let odd = second.post("link", "key=hello").await;
    assert_eq!(odd.status, 422);
    let waits = second.does("link", &format!("key={key}")).await;
    waits.says("Waiting for your other computer. It asks for these four words: ");
    first.close().await;
    second.close().await;
}

#[tokio::test]
async fn a_backup_is_made_where_it_is_wanted_and_checked_with_the_words_of_the_home() {
    let (browser, path) = circle().await;
    browser.does(&format!("{path}share"), "text=One.").await;
    let form = browser.get("computer/backup").await;
    form.says("Only your 24 words open it");
    form.says("circlet-backup-");
    form.says("No backup has been made yet.");
    form.says("circlet restore FILE");
    assert!(!form.body.contains("type=\"password\""));
    let place = browser.home.root().parent().unwrap().join("a <backup>");
    let fields = format!("path={}", field(&place).replace(' ', "+"));
    let made = browser.post("computer/backup", &fields).await;
    assert_eq!(made.status, 200, "{}", made.body);
    made.says("The backup is there");
    made.says("It holds Tuesday circle.");
    made.says("a &#60;backup&#62;");
    assert!(place.exists());
    let form = browser.get("computer/backup").await;
    form.says("Your last backup was made on ");
    let checked = browser.post("computer/backup/check", &fields).await;
    checked.says("The backup is whole");
    checked.says("Made today, by Ana.");
    checked.says("Tuesday circle: with Ana.");
    let again = browser.post("computer/backup", &fields).await;
    assert_eq!(again.status, 422);
    again.says("it was left as it is");
    std::fs::write(&place, b"something else").unwrap();
    let odd = browser.post("computer/backup/check", &fields).await;
    assert_eq!(odd.status, 422);
    odd.says("is not a backup of Circlet");
    let inside = format!("path={}", field(&browser.home.root().join("b")));
    let inside = browser.post("computer/backup", &inside).await;
    inside.says("inside Circlet&#39;s own folder");
    let part = browser.post("computer/backup", "path=backup").await;
    part.says("said in full");
    browser.close().await;
}

#[tokio::test]
async fn a_backup_of_a_home_with_a_passphrase_takes_it_and_no_other() {
    let browser = Browser::inside().await;
    browser
        .does("computer/passphrase", "passphrase=blue&again=blue")
        .await;
    let form = browser.get("computer/backup").await;
    form.says("Your passphrase opens it");
    let place = browser.home.root().parent().unwrap().join("backup");
    let wrong = format!("path={}&passphrase=red", field(&place));
    let wrong = browser.post("computer/backup", &wrong).await;
    assert_eq!(wrong.status, 422);
    wrong.says("That is not the passphrase of this computer");
    wrong.says("autocomplete=\"current-password\" aria-invalid=\"true\"");
    assert!(!place.exists() && !wrong.body.contains("value=\"red\""));
    let right = format!("path={}&passphrase=blue", field(&place));
    let made = browser.post("computer/backup", &right).await;
    made.says("You are in no circle yet, so it holds you alone.");
    browser.close().await;
}

#[tokio::test]
async fn own_words_are_written_into_a_new_folder() {
    let (browser, path) = circle().await;
    browser.does(&format!("{path}share"), "text=One.").await;
    browser.get("computer/copy").await.says("are not locked");
    let place = browser.home.root().parent().unwrap().join("words");
    let fields = format!("path={}", field(&place));
    let done = browser.post("computer/copy", &fields).await;
    assert_eq!(done.status, 200, "{}", done.body);
    done.says("Your own words are there.");
    assert!(place.join("README.md").exists());
    let again = browser.post("computer/copy", &fields).await;
    assert_eq!(again.status, 422);
    again.says("not empty");
    browser.close().await;
}

#[tokio::test]
async fn how_the_circle_is_doing_is_one_step_from_the_stories() {
    let (browser, path) = circle().await;
    let feed = browser.get(&path).await;
    feed.says(&format!(
        "<a href=\"{BASE}{path}doing\">How the circle is doing</a>"
    ));
    let doing = browser.get(&format!("{path}doing")).await;
    doing.says("You are the only one here so far");
    doing.says("Only you can look into Circlet&#39;s folder.");
    doing.says("The clock looks right.");
    assert!(
        !doing.body.contains("What you can try"),
        "there is nobody to reach"
    );
    let feed = browser.does(&format!("{path}share"), "text=One.").await;
    let id = feed.between("id=\"s-", "\"");
    let story = browser.get(&format!("{path}story/{id}")).await;
    assert!(
        !story.body.contains("id=\"reached\""),
        "there is nobody else"
    );
    browser.close().await;
}

#[tokio::test]
async fn every_screen_of_this_computer_closes_with_the_lock() {
    let (browser, path) = circle().await;
    let screens = [
        "computer".to_owned(),
        "computer/passphrase".to_owned(),
        "computer/backup".to_owned(),
        "computer/copy".to_owned(),
        "link".to_owned(),
        format!("{path}settings"),
        format!("{path}computers"),
        format!("{path}doing"),
    ];
    for screen in &screens {
        let shown = browser.get(screen).await;
        assert_eq!(shown.status, 200, "{screen}: {}", shown.body);
        assert_eq!(shown.body.matches("<h1>").count(), 1, "{screen}");
        assert!(!shown.body.contains(" placeholder="), "{screen}");
        shown.says("id=\"leave\"");
    }
    browser.post("leave", "").await;
    for screen in &screens {
        browser.get(screen).await.is_closed();
        browser.post(screen, "").await.is_closed();
    }
    browser.close().await;
}
