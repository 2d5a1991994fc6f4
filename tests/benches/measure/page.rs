//! What the page costs: the time of the server for a screen, its weight, how soon news is told, first paint.

use crate::driver::Driver;
use crate::nodes::{Place, entries, invite, until};
use crate::report::{Line, kilobytes, milliseconds, percentile};
use circlet_node::client::Client;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How often a screen is asked for.
const ASKED: usize = 101;

/// How many stories are told of.
const TOLD: usize = 31;

/// Longer than the pause that the page makes after something was told.
const PAUSE: Duration = Duration::from_millis(400);

/// A browser, as far as the server can tell.
struct Visitor {
    host: String,
    base: String,
    cookie: String,
}

/// What came back.
struct Came {
    headers: String,
    body: String,
}

impl Visitor {
    async fn of(client: &Client) -> Self {
        let url = link(client).await;
        let rest = url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let (base, _) = path.split_once('/').unwrap();
        let mut visitor = Self {
            host: host.to_owned(),
            base: format!("/{base}/"),
            cookie: String::new(),
        };
        let came = visitor.get(&format!("/{path}"));
        between(&came.headers, "set-cookie: ", ";").clone_into(&mut visitor.cookie);
        visitor
    }

    fn ask(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_nodelay(true).unwrap();
        let (host, cookie) = (&self.host, &self.cookie);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nSec-Fetch-Site: same-origin\r\nCookie: {cookie}\r\n\
             Connection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    fn get(&self, path: &str) -> Came {
        let mut answer = Vec::new();
        self.ask(path).read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (headers, body) = answer.split_once("\r\n\r\n").unwrap();
        Came {
            headers: headers.to_owned(),
            body: body.to_owned(),
        }
    }
}

async fn link(client: &Client) -> String {
    let page = client.post("/v1/page", &json!({})).await.unwrap();
    page["url"].as_str().unwrap().to_owned()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap();
    rest.split_once(end).unwrap().0
}

/// The feed of a circle with so many stories.
pub async fn page(stories: usize) {
    let mut ana = Place::grown(stories).await;
    ana.start();
    let client = ana.client().await;
    let visitor = Visitor::of(&client).await;
    let home = visitor.get(&visitor.base);
    let feed = between(&format!("{}\r\n", home.headers), "location: ", "\r\n").to_owned();
    serves("the feed, its newest screen", &visitor, &feed, stories);
    let shown = client.get("/v1/stories?all=true").await.unwrap();
    let all = shown["stories"].as_array().unwrap();
    if let Some(middle) = all.get(all.len() / 2) {
        let middle = format!("{feed}?after={}", middle["id"].as_str().unwrap());
        let name = format!("the feed, {} stories down", all.len() / 2);
        serves(&name, &visitor, &middle, stories);
    }
    weighs(&visitor, &feed, stories);
    tells(&client, &visitor, &feed, stories).await;
    paints(&client, stories).await;
    ana.stop();
}

/// Measures how long it takes from a request to the whole answer.
fn serves(name: &str, visitor: &Visitor, path: &str, stories: usize) {
    let mut times = Vec::new();
    let mut bytes = 0;
    for _ in 0..ASKED {
        let from = Instant::now();
        bytes = visitor.get(path).body.len();
        times.push(from.elapsed());
    }
    Line::new(name, stories)
        .value("p50", milliseconds(percentile(&mut times, 50)))
        .value("p99", milliseconds(percentile(&mut times, 99)))
        .value("html", kilobytes(bytes))
        .print();
}

fn weighs(visitor: &Visitor, feed: &str, stories: usize) {
    let of = |path: &str| visitor.get(path).body.len();
    let [html, style, script, icon] = [
        of(feed),
        of(&format!("{}app.css", visitor.base)),
        of(&format!("{}app.js", visitor.base)),
        of(&format!("{}icon.svg", visitor.base)),
    ];
    Line::new("a whole page, as it is sent", stories)
        .value("", kilobytes(html + style + script + icon))
        .value("html", kilobytes(html))
        .value("style", kilobytes(style))
        .value("script", kilobytes(script))
        .print();
}

/// Measures how long it takes from another member's share, asked at their node, until Ana's page is told.
async fn tells(ana: &Client, visitor: &Visitor, feed: &str, stories: usize) {
    let key = invite(ana).await;
    let mut bo = Place::new("Bo");
    bo.start();
    let there = bo.client().await;
    there
        .post("/v1/joins", &json!({ "key": key }))
        .await
        .unwrap();
    until(Duration::from_millis(50), async || {
        entries(&there).await > 0 && entries(&there).await == entries(ana).await
    })
    .await;
    let mut stream = BufReader::new(visitor.ask(&format!("{feed}live")));
    let mut next = || loop {
        let mut line = String::new();
        assert!(stream.read_line(&mut line).unwrap() > 0, "it ended");
        if let Some(news) = line.strip_prefix("data: ") {
            break serde_json::from_str::<Value>(news).unwrap();
        }
    };
    let mut last = next()["at"].clone();
    let mut times = Vec::new();
    for number in 0..TOLD {
        tokio::time::sleep(PAUSE).await;
        let from = Instant::now();
        let story = json!({ "text": crate::grown::text(3, number as u64) });
        there.post("/v1/stories", &story).await.unwrap();
        // What else changes, such as the state of the circle, is told too.
        loop {
            let at = next()["at"].clone();
            if at != last {
                last = at;
                break;
            }
        }
        times.push(from.elapsed());
    }
    Line::new("another member's story, until the page is told", stories)
        .value("p50", milliseconds(percentile(&mut times, 50)))
        .value("p99", milliseconds(percentile(&mut times, 99)))
        .print();
    bo.stop();
}

/// Measures when Chromium first paints the feed, by its own clock.
async fn paints(client: &Client, stories: usize) {
    let flags = ["--headless=new", "--no-sandbox", "--disable-gpu"];
    let driver = Driver::start(&json!({
        "browserName": "chrome",
        "goog:chromeOptions": { "args": flags },
    }));
    driver
        .post("url", &json!({ "url": link(client).await }))
        .unwrap();
    let mut times = Vec::new();
    for _ in 0..11 {
        driver.post("refresh", &json!({})).unwrap();
        let script = "const [done] = arguments; const look = () => { \
                      const paint = performance.getEntriesByName('first-contentful-paint')[0]; \
                      paint ? done(paint.startTime) : setTimeout(look, 10); }; look();";
        let asked = json!({ "script": script, "args": [] });
        let painted = driver.post("execute/async", &asked).unwrap();
        times.push(Duration::from_secs_f64(painted.as_f64().unwrap() / 1e3));
    }
    Line::new("first paint in Chromium, loaded again", stories)
        .value("p50", milliseconds(percentile(&mut times, 50)))
        .value("slowest", milliseconds(percentile(&mut times, 100)))
        .print();
}
