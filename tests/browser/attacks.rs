//! Other pages, ports and names of this computer that would like to read the page or to post to it.

use super::chromium::Chromium;
use super::{ana, link};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A page on another port; notes the requests that come.
struct Other {
    port: u16,
    seen: Arc<Mutex<String>>,
}

impl Other {
    fn start(html: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(String::new()));
        let noted = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                answer(stream, &html, &noted);
            }
        });
        Self { port, seen }
    }
}

fn answer(mut stream: TcpStream, html: &str, noted: &Mutex<String>) {
    let mut bytes = [0; 8192];
    let read = stream.read(&mut bytes).unwrap_or(0);
    noted
        .lock()
        .unwrap()
        .push_str(&String::from_utf8_lossy(&bytes[..read]));
    let length = html.len();
    // A browser that has gone needs no answer.
    let _ = write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\n\
         Connection: close\r\n\r\n{html}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn another_port_reads_nothing_posts_nothing_and_frames_nothing() {
    let ana = ana();
    ana.share("Something private.");
    let page = Chromium::start().await;
    page.goto(&link(&ana)).await;
    page.says("Something private.").await;
    let ours = page.url().await;
    let html = format!(
        "<h1>Theirs</h1><iframe id=frame src='{ours}'></iframe>\
         <form id=form method=post action='{ours}share'><input name=text value=Forged></form>"
    );
    let other = Other::start(html);
    for host in ["127.0.0.1", "localhost"] {
        let theirs = format!("http://{host}:{}/", other.port);
        page.goto(&theirs).await;
        page.says("Theirs").await;
        let read = "const done = arguments[0]; fetch(arguments[1], {credentials: 'include'}) \
                    .then(a => a.text()).then(done, () => done('refused'))";
        let read = read.replace("arguments[1]", &format!("'{ours}'"));
        let read = read.replace("arguments[0]", "arguments[arguments.length - 1]");
        let answer = page.web.execute_async(read, Vec::new()).await.unwrap();
        assert_eq!(answer.json(), "refused");
        let frame = page.web.find(thirtyfour::By::Id("frame")).await.unwrap();
        frame.enter_frame().await.unwrap();
        let inside = page.web.source().await.unwrap();
        assert!(!inside.contains("private"), "{inside}");
        page.web.enter_default_frame().await.unwrap();
        page.asks("document.getElementById('form').submit()").await;
        page.goto(&theirs).await;
    }
    let seen = other.seen.lock().unwrap().clone();
    assert!(!seen.contains("circlet="), "the cookie was sent: {seen}");
    page.goto(&ours).await;
    page.says("Something private.").await;
    assert!(!page.text().await.contains("Forged"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_points_here_is_not_answered() {
    let ana = ana();
    let page = Chromium::start_with(&["--host-resolver-rules=MAP evil.example 127.0.0.1"]).await;
    page.goto(&link(&ana)).await;
    page.says("Nothing here yet").await;
    let theirs = page.url().await.replace("127.0.0.1", "evil.example");
    page.goto(&theirs).await;
    let text = page.text().await;
    assert!(!text.contains("Tuesday"), "{text}");
    let again = link(&ana).replace("127.0.0.1", "evil.example");
    page.goto(&again).await;
    assert!(!page.text().await.contains("Tuesday"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_a_second_browser_closes_both() {
    let ana = ana();
    let (page, stranger) = (Chromium::start().await, Chromium::start().await);
    let link = link(&ana);
    page.goto(&link).await;
    page.says("Nothing here yet").await;
    stranger.goto(&link).await;
    stranger.says("This link was already used").await;
    page.web.refresh().await.unwrap();
    page.says("This page is closed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_script_would_do_on_the_page_is_blocked() {
    let ana = ana();
    let page = Chromium::start().await;
    page.goto(&link(&ana)).await;
    page.says("Nothing here yet").await;
    let tries = [
        "document.body.innerHTML = '<p>in</p>'",
        "document.body.insertAdjacentHTML('beforeend', '<p>in</p>')",
        "new Function('return 1')()",
        "trustedTypes.createPolicy('other', {createHTML: (text) => text})",
    ];
    for attempt in tries {
        let script = format!("try {{ {attempt}; return 'done' }} catch (e) {{ return 'blocked' }}");
        assert_eq!(page.asks(&script).await, "blocked", "{attempt}");
    }
    assert_eq!(page.asks("return document.cookie").await, "");
}
