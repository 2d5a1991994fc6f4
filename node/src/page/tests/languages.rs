//! The page in other languages: chosen or asked for, on every screen, in every direction.

use super::screens::circle;
use super::*;
use axum::http::HeaderValue;

/// What members wrote, in the screens that are looked at here.
const THEIRS: [&str; 5] = ["Ana", "Tuesday", "circle", "Tea", "sleep"];

impl Browser {
    /// Loads a screen as a browser does that asks for these languages.
    async fn get_in(&self, languages: &str, path: &str) -> Came {
        self.ask(self.in_language(Method::GET, languages, path, ""))
            .await
    }

    fn in_language(
        &self,
        method: Method,
        languages: &str,
        path: &str,
        fields: &str,
    ) -> Request<Body> {
        let mut request = self.request(method, path, fields);
        let languages = HeaderValue::from_str(languages).unwrap();
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT_LANGUAGE, languages);
        request
    }
}

/// Returns the key of an invite that a screen shows, if it shows one.
fn key(body: &str) -> &str {
    let key = body.split_once("id=\"key\">").map(|(_, rest)| rest);
    let key = key.and_then(|rest| rest.split_once("</p>"));
    key.map_or("no key", |(key, _)| key)
}

/// Returns what a screen says in letters, in its text and where a screen reader looks, that is neither from a
/// file nor what members wrote.
fn unspoken(body: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for tag in body.split('<') {
        let (tag, text) = tag.split_once('>').unwrap_or((tag, ""));
        if !tag.starts_with("option") {
            texts.push(text.to_owned());
        }
        for name in [
            "aria-label=\"",
            "data-one=\"",
            "data-two=\"",
            "data-lost=\"",
            "alt=\"",
            "title=\"",
        ] {
            let value = tag.split_once(name);
            texts.extend(value.map(|(_, value)| value.split('"').next().unwrap().to_owned()));
        }
    }
    let mut found = Vec::new();
    for text in texts {
        let outside: String = text
            .split('⟦')
            .map(|part| part.rsplit('⟧').next().unwrap())
            .collect();
        let words = outside.split(|letter: char| !letter.is_alphabetic());
        let unknown = words.filter(|word| !word.is_empty() && !THEIRS.contains(word));
        found.extend(unknown.map(|word| format!("{word} in {text}")));
    }
    found
}

#[tokio::test]
async fn every_screen_speaks_from_the_files_alone() {
    let (browser, path) = circle().await;
    let feed = browser
        .does(&format!("{path}share"), "text=Tea.&note=sleep&fade=week")
        .await;
    let id = feed.between("id=\"s-", "\"");
    browser
        .does(&format!("{path}story/{id}/respond"), "text=Tea.")
        .await;
    let invite = "uses=3&days=7&history=from-now&knock=yes";
    browser.does(&format!("{path}invite"), invite).await;
    let mut waiting = vec![
        path.clone(),
        "circles".to_owned(),
        "nothing".to_owned(),
        format!("{path}?told=shared"),
    ];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(at) = waiting.pop() {
        if !seen.insert(at.clone()) {
            continue;
        }
        let came = browser.get_in("qps", &at).await;
        came.says("<html lang=\"qps\" dir=\"rtl\">");
        let body = came.body.replace(key(&came.body), "");
        // The other languages are offered by their own names.
        let body = body.replace(">English<", "><").replace(">Deutsch<", "><");
        assert_eq!(unspoken(&body), [""; 0], "{at}");
        for link in came.body.split("href=\"").skip(1) {
            let link = link.split(['"', '#']).next().unwrap();
            let inside = link.strip_prefix(BASE).unwrap_or_default();
            if !inside.is_empty() && !inside.contains("app.") && !inside.contains("icon") {
                waiting.push(inside.to_owned());
            }
        }
    }
    assert!(seen.len() >= 15, "{seen:?}");
    for (at, fields) in [("share", "text="), ("invite/stop", "")] {
        let at = format!("{path}{at}");
        let request = browser.in_language(Method::POST, "qps", &at, fields);
        let came = browser.ask(request).await;
        assert!(came.body.contains("⟦"), "{}", came.body);
    }
    browser.close().await;
}

#[tokio::test]
async fn what_is_chosen_counts_from_then_on_also_where_nobody_is_in() {
    let mut browser = Browser::inside().await;
    browser
        .get_in("de-AT,de;q=0.9", "")
        .await
        .says("Wo möchtest du beginnen?");
    let home = browser.get("circles").await;
    home.says("<html lang=\"en\" dir=\"ltr\">");
    home.says("name=\"language\" value=\"de\" lang=\"de\">Deutsch<");
    home.says("name=\"to\" value=\"circles\"");
    let came = browser.does("language", "language=de&to=circles").await;
    came.says("<html lang=\"de\" dir=\"ltr\">");
    came.says(">English<");
    browser
        .get_in("en", "new")
        .await
        .says("Wie heißt der Kreis?");
    let nameless = browser.post("new", "name=+").await;
    nameless.says("Der Kreis hat noch keinen Namen.");
    nameless.says("name=\"to\" value=\"\"");
    browser
        .does("language", "language=klingon&to=new")
        .await
        .says("Wie heißt");
    let odd = browser.post("language", "language=en").await;
    assert_eq!((odd.status, odd.to.as_str()), (303, BASE));
    let away = browser
        .post("language", "language=de&to=//evil.example/")
        .await;
    assert!(away.to.starts_with(BASE), "{}", away.to);
    let mine = browser.cookie.take();
    let closed = browser.post("language", "language=en&to=").await;
    closed.says("Diese Seite ist geschlossen");
    assert!(closed.status == 401 && !closed.body.contains("<form"));
    browser.cookie = mine;
    browser.close().await;
}

#[tokio::test]
async fn a_language_that_cannot_be_kept_is_said() {
    let browser = Browser::inside().await;
    std::fs::create_dir(browser.home.language()).unwrap();
    let came = browser.post("language", "language=de&to=").await;
    assert_eq!(came.status, 507);
    came.says("That did not work");
    browser.close().await;
}

#[tokio::test]
async fn a_whole_page_is_light() {
    let (browser, path) = circle().await;
    for count in 0..20 {
        let text = format!("{count}+").repeat(200);
        browser
            .post(&format!("{path}share"), &format!("text={text}&note=sleep"))
            .await;
    }
    let feed = browser.get(&path).await.body.len();
    let script = browser.get("app.js").await.body.len();
    let [style, icon] = [browser.get("app.css").await, browser.get("icon.svg").await];
    let whole = feed + script + style.body.len() + icon.body.len();
    println!(
        "feed {feed}, script {script}, style {}, all {whole} bytes",
        style.body.len()
    );
    assert!(whole < 60_000, "{whole}");
    assert!(script < 8_000, "{script}");
    browser.close().await;
}
