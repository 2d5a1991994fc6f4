//! The node itself: what it is, and stopping it.

use super::lock::Front;
use super::{Answer, PROTOCOL};
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
    /// Whether its home is locked.
    #[serde(default)]
    pub locked: bool,
}

pub(super) async fn show(State(front): State<Front>) -> Json<Probe> {
    Json(Probe {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        protocol: PROTOCOL,
        pid: std::process::id(),
        locked: front.gate.is_locked(),
    })
}

pub(super) async fn stop(State(front): State<Front>) -> Answer {
    front.stop.cancel();
    Ok(Json(json!({})))
}
