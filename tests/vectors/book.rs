//! A book of vectors: named values in one file, made anew and compared.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The variable that has the files written anew.
const WRITE: &str = "CIRCLET_VECTORS";

/// The vectors of one file, in the making.
pub(crate) struct Book {
    path: PathBuf,
    made: BTreeMap<String, String>,
    committed: BTreeMap<String, String>,
}

/// The vectors as they are committed.
pub(crate) struct Frozen(BTreeMap<String, String>);

impl Book {
    /// Opens the file of this name.
    pub(crate) fn new(name: &str) -> Self {
        let tests = std::env::var("CARGO_MANIFEST_DIR");
        let tests = tests.unwrap_or_else(|_| env!("CARGO_MANIFEST_DIR").to_owned());
        let path = Path::new(&tests).join(format!("vectors/{name}.json"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|_| "{}".to_owned());
        Self {
            path,
            made: BTreeMap::new(),
            committed: serde_json::from_str(&text).unwrap(),
        }
    }

    /// Adds bytes, in hexadecimal.
    pub(crate) fn put(&mut self, name: &str, bytes: impl AsRef<[u8]>) {
        self.text(name, &to_hex(bytes.as_ref()));
    }

    /// Adds text.
    pub(crate) fn text(&mut self, name: &str, text: &str) {
        let before = self.made.insert(name.to_owned(), text.to_owned());
        assert!(before.is_none(), "two vectors are called {name}");
    }

    /// Keeps bytes that hold randomness of the system: made once, and from then on only read.
    pub(crate) fn keep(&mut self, name: &str, make: impl FnOnce() -> Vec<u8>) {
        let kept = self.committed.get(name).cloned();
        let hex = kept.unwrap_or_else(|| to_hex(&make()));
        self.text(name, &hex);
    }

    /// Compares what was made with the file, or writes it; returns what the file says.
    pub(crate) fn freeze(self) -> Frozen {
        if std::env::var(WRITE).is_ok_and(|what| what == "write") {
            let text = serde_json::to_string_pretty(&self.made).unwrap();
            std::fs::write(&self.path, text + "\n").unwrap();
            return Frozen(self.made);
        }
        let names = self.made.keys().chain(self.committed.keys());
        let mut differ: Vec<&String> = names
            .filter(|name| self.made.get(*name) != self.committed.get(*name))
            .collect();
        differ.sort();
        differ.dedup();
        assert!(
            differ.is_empty(),
            "{}: formats changed: {differ:?}",
            self.path.display()
        );
        Frozen(self.committed)
    }
}

impl Frozen {
    /// Returns bytes.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        from_hex(self.text(name))
    }

    /// Returns bytes of a fixed length.
    pub(crate) fn array<const N: usize>(&self, name: &str) -> [u8; N] {
        self.bytes(name).try_into().unwrap()
    }

    /// Returns text.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap()
    }

    /// Returns the names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// Returns bytes in hexadecimal.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for digit in bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        hex.extend(char::from_digit(digit.into(), 16));
    }
    hex
}

/// Reads hexadecimal.
pub(crate) fn from_hex(text: &str) -> Vec<u8> {
    let pairs = (0..text.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
