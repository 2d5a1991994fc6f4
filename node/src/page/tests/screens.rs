//! What a member does on the page, without script: every form, and what it says afterwards.

use super::*;

/// Returns a browser in a circle, and the circle's path.
pub(super) async fn circle() -> (Browser, String) {
    let browser = Browser::inside().await;
    let came = browser.post("new", "name=Tuesday+circle").await;
    assert_eq!(came.status, 303, "{}", came.body);
    let path = came.to.strip_prefix(BASE).unwrap();
    let path = path
        .strip_suffix("agreement/edit?new=true")
        .unwrap()
        .to_owned();
    (browser, path)
}

#[tokio::test]
async fn a_circle_begins_empty_and_says_so_kindly() {
    let (browser, path) = circle().await;
    let feed = browser.get(&path).await;
    feed.says("Tuesday circle");
    feed.says("Nothing here yet");
    feed.says("You are the only one here so far");
    feed.says("<title>Stories – Circlet</title>");
    let home = browser.get("").await;
    assert_eq!((home.status, home.to), (303, format!("{BASE}{path}")));
    browser.get("circles").await.says("Your circles");
    let nameless = browser.post("new", "name=+").await;
    assert_eq!(nameless.status, 422);
    nameless.says("has no name yet");
    browser.close().await;
}

#[tokio::test]
async fn a_story_is_shared_read_and_answered() {
    let (browser, path) = circle().await;
    browser
        .get(&format!("{path}share"))
        .await
        .says("What would help?");
    let fields = "text=I+slept.%0D%0AAt+last.&ask=ideas&note=sleep&fade=week";
    let feed = browser.does(&format!("{path}share"), fields).await;
    feed.says("Shared. It is safe on this computer");
    feed.says("I slept.\nAt last.");
    feed.says("Content note: sleep");
    feed.says("Your story");
    let id = feed.between("id=\"s-", "\"");
    let story = browser.get(&format!("{path}story/{id}")).await;
    story.says("fades after");
    story.says("Nothing yet.");
    let empty = browser
        .post(&format!("{path}story/{id}/respond"), "text=+")
        .await;
    assert_eq!(empty.status, 422);
    empty.says("There is no text yet");
    let respond = format!("{path}story/{id}/respond");
    let answered = browser.does(&respond, "text=Me+too.").await;
    answered.says("Me too.");
    assert!(!answered.body.contains("Nothing yet."));
    browser.close().await;
}

#[tokio::test]
async fn what_was_written_is_not_lost_when_it_cannot_be_shared() {
    let (browser, path) = circle().await;
    let long = "long ".repeat(40_000);
    let fields = format!("text={long}&ask=experience&note=a+note&fade=never");
    let came = browser.post(&format!("{path}share"), &fields).await;
    assert_eq!(came.status, 422);
    came.says("role=\"alert\"");
    came.says("It is still here below");
    came.says(long.trim_end());
    came.says("value=\"a note\"");
    came.says("id=\"ask-experience\" value=\"experience\" checked");
    came.says("<option value=\"never\" selected>");
    let empty = browser.post(&format!("{path}share"), "text=").await;
    assert_eq!(empty.status, 422);
    let huge = "x".repeat(2 * 1024 * 1024);
    let huge = format!("text={huge}");
    let came = browser.post(&format!("{path}share"), &huge).await;
    came.says("shorter text");
    browser.close().await;
}

#[tokio::test]
async fn markup_stays_text_wherever_it_is_written() {
    let (browser, path) = circle().await;
    let hostile = "%3Cscript%3Ealert(1)%3C/script%3E%22%3E%3Cimg+src%3Dx+onerror%3Dx%3E";
    let fields = format!("text={hostile}&note={hostile}");
    let feed = browser.does(&format!("{path}share"), &fields).await;
    let id = feed.between("id=\"s-", "\"");
    let respond = format!("{path}story/{id}/respond");
    let story = browser.does(&respond, &format!("text={hostile}")).await;
    let back = browser.get(&format!("{path}own/{id}/take-back")).await;
    let named = browser.does("new", &format!("name={hostile}")).await;
    let circles = browser.get("circles").await;
    let refused = browser.post("join", &format!("key={hostile}")).await;
    for came in [feed, story, back, named, circles, refused] {
        assert!(!came.body.contains("<script>") && !came.body.contains("<img"));
        came.says("&#60;script&#62;alert(1)");
    }
    browser.close().await;
}

#[tokio::test]
async fn a_story_is_taken_back_after_one_question() {
    let (browser, path) = circle().await;
    let feed = browser
        .does(&format!("{path}share"), "text=Too+much.")
        .await;
    let id = feed.between("id=\"s-", "\"");
    let ask = browser.get(&format!("{path}own/{id}/take-back")).await;
    ask.says("Take this back?");
    ask.says("someone could have kept a copy");
    let gone = browser.does(&format!("{path}own/{id}/take-back"), "").await;
    gone.says("Gone from this computer, the only one in the circle.");
    let feed = browser.get(&path).await;
    assert!(!feed.body.contains("Too much."));
    let missing = browser.get(&format!("{path}story/{id}")).await;
    assert_eq!(missing.status, 404);
    missing.says("may have been taken back");
    browser.close().await;
}

#[tokio::test]
async fn earlier_stories_stand_on_further_screens() {
    let (browser, path) = circle().await;
    for count in 0..32 {
        let fields = format!("text=Story+{count}.");
        let came = browser.post(&format!("{path}share"), &fields).await;
        assert_eq!(came.status, 303);
    }
    let (mut at, mut seen) = (path.clone(), Vec::new());
    let mut screens = 0;
    loop {
        let screen = browser.get(&at).await;
        screens += 1;
        for rest in screen.body.split("dir=\"auto\">Story ").skip(1) {
            let count: u32 = rest.split('.').next().unwrap().parse().unwrap();
            seen.push(count);
        }
        if !screen.body.contains("Earlier stories") {
            break;
        }
        let (_, rest) = screen.body.split_once("?after=").unwrap();
        at = format!("{path}?after={}", rest.split('"').next().unwrap());
    }
    assert_eq!(screens, 3);
    assert_eq!(seen, (0..32).rev().collect::<Vec<_>>());
    let odd = browser.get(&format!("{path}?after=zz")).await;
    assert_eq!(odd.status, 404);
    browser.close().await;
}

#[tokio::test]
async fn an_invite_is_made_shown_and_stopped() {
    let (browser, path) = circle().await;
    let fields = "uses=3&days=7&history=from-now&knock=yes";
    let key = browser.does(&format!("{path}invite"), fields).await;
    key.says("once a member says welcome");
    let text = key.between("class=\"key\" id=\"key\">", "<");
    assert!(text.len() > 20 && text.contains('-'), "{text}");
    key.says("<path class=\"qr-dark\" d=\"M");
    let list = browser.get(&format!("{path}invite")).await;
    list.says("An invite from Ana, for 3 more people, until ");
    let stop = list
        .body
        .split("action=\"")
        .find(|part| part.contains("/stop\""))
        .unwrap();
    let stop = stop.split('"').next().unwrap().strip_prefix(BASE).unwrap();
    let list = browser.does(stop, "").await;
    assert!(!list.body.contains("An invite from"));
    browser.close().await;
}

#[tokio::test]
async fn a_key_that_does_not_fit_is_explained_and_kept() {
    let browser = Browser::inside().await;
    browser.get("join").await.says("Your invite key");
    for key in ["", "hello", "7QK4-9F2M"] {
        let came = browser.post("join", &format!("key={key}")).await;
        assert_eq!(came.status, 422, "{key}");
        came.says("role=\"alert\"");
        came.says(&format!("{key}</textarea>"));
        assert!(!came.body.contains('`'));
    }
    browser.close().await;
}

#[tokio::test]
async fn members_are_named_with_what_they_may_do() {
    let (browser, path) = circle().await;
    let members = browser.get(&format!("{path}members")).await;
    members.says("<bdi>Ana</bdi></a> (you)");
    members.says("Keeper");
    members.says("since today.");
    browser.close().await;
}

#[tokio::test]
async fn what_is_not_there_is_said_and_leads_back() {
    let (browser, path) = circle().await;
    let far = "f".repeat(64);
    let paths = [
        "nothing".to_owned(),
        format!("c/{far}/"),
        format!("{path}story/{}", &far[..32]),
        format!("{path}story/zz"),
        format!("{path}own/{}/take-back", &far[..32]),
        format!("{path}invite/{}", &far[..32]),
        format!("{path}gone/zz"),
    ];
    for at in paths {
        let came = browser.get(&at).await;
        assert!([404, 409].contains(&came.status), "{at}: {}", came.status);
        came.says("That did not work");
        came.says("Back to your circles");
        assert!(!came.body.contains('`'), "{at}");
    }
    browser.close().await;
}

#[tokio::test]
async fn nothing_on_the_page_counts_people_or_leads_nowhere() {
    let (browser, path) = circle().await;
    let feed = browser.does(&format!("{path}share"), "text=One.").await;
    let id = feed.between("id=\"s-", "\"");
    let mut waiting = vec![
        path.clone(),
        "circles".to_owned(),
        format!("{path}story/{id}"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(at) = waiting.pop() {
        if !seen.insert(at.clone()) {
            continue;
        }
        let came = browser.get(&at).await;
        assert_eq!(came.status, 200, "{at}");
        for link in came.body.split("href=\"").skip(1) {
            let link = link.split(['"', '#']).next().unwrap();
            let inside = link.strip_prefix(BASE).unwrap_or_default();
            if !inside.is_empty() {
                waiting.push(inside.to_owned());
            }
        }
    }
    assert!(seen.len() >= 9, "{seen:?}");
    browser.close().await;
}
