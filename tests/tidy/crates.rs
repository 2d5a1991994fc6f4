//! How the crates hang together: the direction of the arrows, the number of packages, no file forgotten.

use crate::tree::{File, files, none, root};
use serde_json::Value;
use std::process::Command;

/// Which of our crates each crate may build on. Nothing points back.
const ARROWS: &[(&str, &[&str])] = &[
    ("circlet-model", &[]),
    ("circlet-node", &["circlet-model"]),
    ("circlet", &["circlet-model", "circlet-node"]),
    ("circlet-tests", &["circlet-model", "circlet-node"]),
];

/// The most packages the lock file may list, ours and those only tests need included.
const PACKAGES: usize = 530;

/// Names that say nothing: a file is called by what it is about.
const EMPTY_NAMES: &[&str] = &[
    "mod", "util", "utils", "helper", "helpers", "manager", "misc", "common", "data", "info",
];

/// Returns what cargo knows about the workspace.
fn metadata() -> Value {
    let output = Command::new(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into()))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--locked",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Returns a list inside a JSON value.
fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().unwrap()
}

#[test]
fn arrows_point_one_way() {
    let metadata = metadata();
    let packages = list(&metadata, "packages");
    assert_eq!(
        packages.len(),
        ARROWS.len(),
        "a crate without a row in ARROWS"
    );
    let mut faults = Vec::new();
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let (_, allowed) = ARROWS.iter().find(|row| row.0 == name).unwrap();
        for dependency in list(package, "dependencies") {
            let other = dependency["name"].as_str().unwrap();
            let ours = ARROWS.iter().any(|row| row.0 == other);
            if ours && dependency["kind"] != "dev" && !allowed.contains(&other) {
                faults.push(format!("{name} -> {other}"));
            }
        }
    }
    none(
        "cli -> node -> crdt-model, and nothing points back",
        &faults,
    );
}

#[test]
fn the_lock_file_is_not_too_long() {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let packages = lock.lines().filter(|line| *line == "[[package]]").count();
    println!("{packages} packages");
    assert!(
        packages <= PACKAGES,
        "{packages} packages, more than {PACKAGES}"
    );
}

#[test]
fn no_test_or_bench_is_forgotten() {
    let metadata = metadata();
    let root = metadata["workspace_root"].as_str().unwrap();
    let targets: Vec<String> = list(&metadata, "packages")
        .iter()
        .flat_map(|package| list(package, "targets"))
        .map(|target| {
            target["src_path"]
                .as_str()
                .unwrap()
                .replace(root, "")
                .replace('\\', "/")
        })
        .map(|path| normal(path.trim_start_matches('/')))
        .collect();
    let faults: Vec<String> = files()
        .into_iter()
        .map(|file| file.path)
        .filter(|path| path.starts_with("tests/"))
        .filter(|path| path.ends_with("/main.rs") || path.starts_with("tests/benches/"))
        .filter(|path| path.ends_with(".rs") && path.matches('/').count() == 2)
        .filter(|path| !targets.contains(path))
        .collect();
    none("a test that no Cargo.toml declares never runs", &faults);
}

/// Removes `folder/..` from a path.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        if part == ".." {
            parts.pop();
        } else {
            parts.push(part);
        }
    }
    parts.join("/")
}

#[test]
fn no_source_file_is_forgotten() {
    let files = files();
    let mut faults = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.is_rust() && file.is_product())
    {
        let (folder, name) = file.path.rsplit_once('/').unwrap();
        let name = name.trim_end_matches(".rs");
        if ["lib", "main"].contains(&name) {
            continue;
        }
        let parents = [
            format!("{folder}.rs"),
            format!("{folder}/lib.rs"),
            format!("{folder}/main.rs"),
        ];
        let declared = files
            .iter()
            .filter(|other| parents.contains(&other.path))
            .any(|parent| {
                parent
                    .text
                    .lines()
                    .any(|line| line.trim_end().ends_with(&format!("mod {name};")))
            });
        if !declared {
            faults.push(file.path.clone());
        }
    }
    none(
        "a file that no parent declares with `mod` is never compiled",
        &faults,
    );
}

#[test]
fn files_are_called_by_what_they_are_about() {
    let faults: Vec<String> = files()
        .into_iter()
        .filter(File::is_rust)
        .map(|file| file.path)
        .filter(|path| {
            let name = path.rsplit('/').next().unwrap_or_default();
            EMPTY_NAMES.contains(&name.trim_end_matches(".rs"))
        })
        .collect();
    none(
        "a module `foo` lives in foo.rs and foo/, and has a name that says something",
        &faults,
    );
}
