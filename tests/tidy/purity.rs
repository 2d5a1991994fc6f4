//! The model cannot do I/O, read a clock or draw randomness by itself.

use crate::tree::{files, none, root};
use std::collections::BTreeSet;
use std::process::Command;

/// Every package that the model may be built from. Each one added here can be asked what it does.
const MODEL_PACKAGES: &str = include_str!("model-packages.txt");

/// What the model's sources may not name.
const IMPURE: &[&str] = &[
    "SystemTime",
    "Instant::now",
    "std::env",
    "std::fs",
    "std::io",
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "ToSocketAddrs",
    "std::process",
    "std::thread",
    "OsRng",
    "SysRng",
    "getrandom",
    "thread_rng",
    "rand::rng",
    "println!",
    "print!(",
    "tracing::",
    "HashMap",
    "HashSet",
];

/// Where documents are made, with an actor and a time that are given: elsewhere they draw their own.
const DOCUMENTS: &str = "crdt-model/src/document";

#[test]
fn the_model_is_built_from_packages_that_do_no_io() {
    let allowed: BTreeSet<&str> = MODEL_PACKAGES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::trim)
        .collect();
    let tree = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args([
            "tree",
            "--locked",
            "--offline",
            "-p",
            "circlet-model",
            "-e",
            "normal",
        ])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let faults: Vec<String> = String::from_utf8(tree.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| !name.is_empty() && !allowed.contains(name))
        .map(str::to_owned)
        .collect();
    none(
        "the model gains a package; if it is pure, add it to tests/tidy/model-packages.txt",
        &faults,
    );
}

#[test]
fn the_model_names_nothing_impure() {
    let mut faults = Vec::new();
    for file in files()
        .iter()
        .filter(|file| file.path.starts_with("crdt-model/src/"))
    {
        for (number, line) in file.source().iter().enumerate() {
            if line.trim_start().starts_with("//") || !file.is_product() {
                continue;
            }
            for word in IMPURE.iter().filter(|word| line.contains(**word)) {
                faults.push(format!("{}:{}: {word}", file.path, number + 1));
            }
            if line.contains("automerge::") && !file.path.starts_with(DOCUMENTS) {
                faults.push(format!(
                    "{}:{}: automerge, outside {DOCUMENTS}",
                    file.path,
                    number + 1
                ));
            }
        }
    }
    none(
        "the model is pure: time and randomness are arguments",
        &faults,
    );
}
