//! Who comes in, and who does not.

use super::*;

#[tokio::test]
async fn a_link_gives_a_cookie_for_this_path_alone_and_leads_in() {
    let mut browser = Browser::before();
    let came = browser.follow().await;
    assert_eq!((came.status, came.to.as_str()), (303, BASE));
    let cookie = came.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Strict; Path=/abc/"),
        "{cookie}"
    );
    browser.cookie = came.cookie;
    let home = browser.get("").await;
    assert_eq!(home.status, 200);
    home.says("Where would you like to begin?");
    browser.close().await;
}

#[tokio::test]
async fn nobody_sees_anything_without_a_session() {
    let mut browser = Browser::before();
    for path in [
        "",
        "circles",
        "new",
        "c/abc/",
        "open",
        "open?code=",
        "nothing",
    ] {
        browser.get(path).await.is_closed();
    }
    browser.post("new", "name=Tuesday").await.is_closed();
    browser.post("leave", "").await.is_closed();
    assert!(!browser.gate.is_locked(), "a stranger locks nothing");
    for cookie in ["circlet=", "circlet=00", "other=1; circlet=ffff", "circlet"] {
        browser.cookie = Some(cookie.to_owned());
        browser.get("").await.is_closed();
    }
    browser.close().await;
}

#[tokio::test]
async fn a_link_that_is_used_again_closes_what_it_opened() {
    let mut browser = Browser::before();
    let code = browser.code();
    let path = format!("open?code={code}");
    browser.cookie = browser.get(&path).await.cookie;
    let again = browser.get(&path).await;
    assert_eq!(again.status, 303, "whoever is in goes in");
    assert_eq!(browser.get("").await.status, 200);
    let ours = browser.cookie.take();
    let stranger = browser.get(&path).await;
    stranger.is_closed();
    stranger.says("already used");
    assert!(stranger.cookie.is_none());
    browser.cookie = ours;
    browser.get("").await.is_closed();
    browser.close().await;
}

#[tokio::test]
async fn another_path_says_nothing_at_all() {
    let browser = Browser::inside().await;
    for path in [
        "/",
        "/abc",
        "/abd/",
        "/favicon.ico",
        "/open?code=1",
        "//abc/",
    ] {
        let mut request = browser.request(Method::GET, "", "");
        *request.uri_mut() = path.parse().unwrap();
        let came = browser.ask(request).await;
        assert_eq!((came.status, came.body.as_str()), (404, ""), "{path}");
    }
    browser.close().await;
}

#[tokio::test]
async fn another_site_gets_nothing_even_with_the_cookie() {
    let browser = Browser::inside().await;
    let forged = [
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("host", "evil.example", 421),
    ];
    for method in [Method::GET, Method::POST] {
        for (name, value, status) in forged {
            let mut request = browser.request(method.clone(), "new", "name=Theirs");
            request.headers_mut().insert(name, value.parse().unwrap());
            assert_eq!(browser.ask(request).await.status, status);
        }
    }
    let mut request = browser.request(Method::POST, "new", "name=Theirs");
    request.headers_mut().remove("sec-fetch-site");
    let theirs = "http://127.0.0.1:40124".parse().unwrap();
    request.headers_mut().insert(header::ORIGIN, theirs);
    assert_eq!(browser.ask(request).await.status, 403);
    let home = browser.get("circles").await;
    home.says("Where would you like to begin?");
    browser.close().await;
}

#[tokio::test]
async fn a_lock_closes_every_page_and_an_unlock_opens_none() {
    let browser = Browser::inside().await;
    let left = browser.post("leave", "").await;
    assert_eq!(left.status, 200);
    left.says("This page is closed");
    assert_eq!(left.headers["clear-site-data"], "\"cache\"");
    assert!(browser.gate.is_locked());
    browser.get("").await.is_closed();
    browser.running.as_ref().unwrap().shutdown.cancel();
    let running = open(&browser.home, &browser.gate);
    browser.get("").await.is_closed();
    running.close().await;
    browser.close().await;
}

#[tokio::test]
async fn the_files_of_the_page_are_small_and_for_everybody() {
    let browser = Browser::before();
    let mut whole = 0;
    for (path, kind, most) in [
        ("app.css", "text/css", 16_000),
        ("app.js", "text/javascript", 8_000),
        ("icon.svg", "image/svg+xml", 1_000),
    ] {
        let came = browser.get(path).await;
        assert_eq!(came.status, 200);
        let said = came.headers[header::CONTENT_TYPE].to_str().unwrap();
        assert!(said.starts_with(kind));
        assert!(came.body.len() < most, "{path}: {}", came.body.len());
        whole += came.body.len();
    }
    println!("style, script and icon: {whole} bytes");
    browser.close().await;
}

#[tokio::test]
async fn nothing_is_kept_by_the_browser() {
    let browser = Browser::inside().await;
    for path in ["", "app.css", "nothing", "circles"] {
        let came = browser.get(path).await;
        assert_eq!(came.headers[header::CACHE_CONTROL], "no-store");
        let policy = came.headers[header::CONTENT_SECURITY_POLICY].to_str();
        let policy = policy.unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"));
        assert!(!policy.contains("unsafe"));
    }
    browser.close().await;
}
