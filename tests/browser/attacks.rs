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
        // A browser also opens connections on which it asks nothing for a while.
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (html, noted) = (html.clone(), Arc::clone(&noted));
                std::thread::spawn(move || answer(stream, &html, &noted));
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

#[test]
fn another_port_reads_nothing_posts_nothing_and_frames_nothing() {
    let ana = ana();
    ana.share("Something private.");
    let page = Chromium::start_with(&["--host-resolver-rules=MAP other.example 127.0.0.1"]);
    page.goto(&link(&ana));
    page.says("Something private.");
    let ours = page.url();
    // A cookie as others make them, to see that what ours is not sent to is sent one at all.
    page.asks("document.cookie = 'common=1; path=/'");
    let html = format!(
        "<h1>Theirs</h1><iframe id=frame src='{ours}'></iframe>\
         <form id=form method=post action='{ours}share'><input name=text value=Forged></form>"
    );
    let other = Other::start(html);
    for host in ["127.0.0.1", "localhost", "other.example"] {
        let theirs = format!("http://{host}:{}/", other.port);
        page.goto(&theirs);
        page.says("Theirs");
        let read = "fetch(OURS, {credentials: 'include'}).then(answer => answer.text()) \
                    .then(done, () => done('refused'))";
        let read = read.replace("OURS", &format!("'{ours}'"));
        assert_eq!(page.awaits(&read), "refused");
        page.looks_into(Some(0));
        assert!(!page.source().contains("private"));
        page.looks_into(None);
        page.asks("document.getElementById('form').submit()");
        page.goto(&theirs);
    }
    let seen = other.seen.lock().unwrap().clone();
    assert!(seen.contains("common=1"), "no cookie was sent: {seen}");
    assert!(!seen.contains("circlet="), "the cookie was sent: {seen}");
    page.goto(&ours);
    page.says("Something private.");
    assert!(!page.text().contains("Forged"));
    assert_eq!(ana.stories().len(), 1, "nothing was posted");
}

#[test]
fn a_name_that_points_here_is_not_answered() {
    let ana = ana();
    let page = Chromium::start_with(&["--host-resolver-rules=MAP evil.example 127.0.0.1"]);
    page.goto(&link(&ana));
    page.says("Nothing here yet");
    let theirs = page.url().replace("127.0.0.1", "evil.example");
    page.goto(&theirs);
    let text = page.text();
    assert!(!text.contains("Tuesday"), "{text}");
    let again = link(&ana).replace("127.0.0.1", "evil.example");
    page.goto(&again);
    assert!(!page.text().contains("Tuesday"));
}

#[test]
fn a_link_in_a_second_browser_closes_both() {
    let ana = ana();
    let (page, stranger) = (Chromium::start(), Chromium::start());
    let link = link(&ana);
    page.goto(&link);
    page.says("Nothing here yet");
    stranger.goto(&link);
    stranger.says("This link was already used");
    page.again();
    page.says("This page is closed");
}

#[test]
fn what_a_script_would_do_on_the_page_is_blocked() {
    let ana = ana();
    let page = Chromium::start();
    page.goto(&link(&ana));
    page.says("Nothing here yet");
    let tries = [
        "document.body.innerHTML = '<p>in</p>'",
        "document.body.insertAdjacentHTML('beforeend', '<p>in</p>')",
        "new Function('return 1')()",
        "trustedTypes.createPolicy('other', {createHTML: (text) => text})",
    ];
    for attempt in tries {
        // Later, because what a driver itself evaluates is excused from the policy on `eval`.
        let script = format!(
            "setTimeout(() => {{ try {{ {attempt}; done('done') }} catch {{ done('blocked') }} }})"
        );
        assert_eq!(page.awaits(&script), "blocked", "{attempt}");
    }
    assert_eq!(page.asks("return document.cookie"), "");
}
