//! The node itself: what it is, and stopping it.

use super::{Answer, Api, PROTOCOL};
use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What a node says of itself to whoever asks first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// The version of the program.
    pub version: String,
    /// The version of what is said over the socket.
    pub protocol: u32,
    /// The number the system gave the node.
    pub pid: u32,
}

pub(super) async fn show() -> Json<Probe> {
    Json(Probe {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: PROTOCOL,
        pid: std::process::id(),
    })
}

pub(super) async fn stop(State(api): State<Api>) -> Answer {
    api.stop.cancel();
    Ok(Json(json!({})))
}
