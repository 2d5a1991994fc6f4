//! `circlet demo`, for real: three nodes on loopback, told as it happens, and nothing left behind.

use super::command;
use serde_json::Value;
use std::path::Path;

#[test]
fn the_demo_tells_what_happened_and_cleans_up() {
    let place = tempfile::tempdir().unwrap();
    let output = command(&place.path().join("home"))
        .args(["demo", "--json"])
        .env("TMPDIR", place.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    let answer: Value = serde_json::from_str(&text).unwrap();
    let data = &answer["data"];
    let nodes = data["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 3);
    for node in nodes {
        assert_eq!(node["digest"], data["digest"], "{node}");
        assert_eq!(node["stories"].as_array().unwrap().len(), 3, "{node}");
    }
    assert!(is_empty(place.path()), "the demo left something behind");
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).unwrap().next().is_none()
}
