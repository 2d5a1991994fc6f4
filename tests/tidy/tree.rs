//! The files under watch: every text file that belongs to the project.

use std::fs;
use std::path::{Path, PathBuf};

/// The crates that make up the product.
pub(crate) const PRODUCT: &[&str] = &["crdt-model/src/", "node/src/", "cli/src/"];

/// Folders that hold what tools made, or others.
const MADE_BY_TOOLS: &[&str] = &[".git", "target", "docs/book", "tests/browser/axe"];

/// Modules of the product that are built for its tests only.
const ONLY_FOR_TESTS: &[&str] = &[
    "crdt-model/src/membership/testing.rs",
    "node/src/storage/conformance.rs",
];

/// A text file of the project.
pub(crate) struct File {
    /// Its path from the root, with `/` between the parts.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
}

impl File {
    /// Whether it is a Rust file.
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it is a Markdown file.
    pub(crate) fn is_markdown(&self) -> bool {
        self.path.ends_with(".md")
    }

    /// Whether it is part of what members run.
    pub(crate) fn is_product(&self) -> bool {
        PRODUCT.iter().any(|folder| self.path.starts_with(folder)) && !self.is_test_module()
    }

    /// Returns the lines that are not tests: unit tests stand at the end of a file.
    pub(crate) fn source(&self) -> Vec<&str> {
        let lines: Vec<&str> = self.text.lines().collect();
        let begins = |from: usize| {
            let module = lines[from..]
                .iter()
                .find(|line| !line.starts_with(['#', ' ', ')']));
            lines[from] == "#[cfg(test)]"
                && module.is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
        };
        let tests = (0..lines.len()).find(|from| begins(*from));
        lines[..tests.unwrap_or(lines.len())].to_vec()
    }

    /// Whether it holds the unit tests of the file above it, or serves them only.
    fn is_test_module(&self) -> bool {
        self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
            || ONLY_FOR_TESTS.contains(&self.path.as_str())
    }
}

/// Returns the root of the project: asked while running, because a built test may be moved.
pub(crate) fn root() -> PathBuf {
    let tests = std::env::var("CARGO_MANIFEST_DIR");
    let tests = tests.unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
    Path::new(&tests).parent().unwrap().to_path_buf()
}

/// Returns every text file of the project, in the order of their paths.
pub(crate) fn files() -> Vec<File> {
    let root = root();
    let mut found = Vec::new();
    visit(&root, &root, &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(
        found
            .iter()
            .any(|file| file.path == "crdt-model/src/lib.rs"),
        "not the root: {}",
        root.display()
    );
    found
}

/// Adds the text files under a folder.
fn visit(root: &Path, folder: &Path, found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path
            .strip_prefix(root)
            .unwrap()
            .to_str()
            .unwrap()
            .replace('\\', "/");
        if MADE_BY_TOOLS.contains(&name.as_str()) || name.ends_with("/target") {
            continue;
        }
        if path.is_dir() {
            visit(root, &path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.push(File { path: name, text });
        }
    }
}

/// Fails with a list of what is not as it should be, if there is anything.
#[track_caller]
pub(crate) fn none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}\n  {}", faults.join("\n  "));
}
