//! A take-back in a circle of whole nodes: how long until it is applied on every one.

use super::{ASKED, connected, entries, until};
use crate::report::{Line, milliseconds, percentile};
use serde_json::json;
use std::time::Instant;

/// The nodes besides the one that takes back.
const PEERS: usize = 15;

/// How many take-backs are measured.
const TIMES: usize = 40;

/// A take-back in a circle of sixteen connected nodes, until the body is gone from all of them.
pub async fn taken_back(stories: usize) {
    let (mut ana, others) = connected(stories, PEERS).await;
    let client = ana.client().await;
    let mut clients = Vec::new();
    for other in &others {
        clients.push(other.client().await);
    }
    let mut goal = entries(&client).await;
    let mut times = Vec::new();
    for number in 0..TIMES {
        let story = json!({ "text": format!("story {number}") });
        let shared = client.post("/v1/stories", &story).await.unwrap();
        let path = format!("/v1/own/{}/take-back", shared["id"].as_str().unwrap());
        goal += 1;
        for other in &clients {
            until(ASKED, async || entries(other).await >= goal).await;
        }
        // The entry that takes back is stored in the batch that erases.
        goal += 1;
        let from = Instant::now();
        client.post(&path, &json!({})).await.unwrap();
        for other in &clients {
            until(ASKED, async || entries(other).await >= goal).await;
        }
        times.push(from.elapsed());
    }
    Line::new("a take-back applied on all of 16 connected nodes", stories)
        .value("p50", milliseconds(percentile(&mut times, 50)))
        .value("most", milliseconds(percentile(&mut times, 100)))
        .print();
    ana.stop();
}
