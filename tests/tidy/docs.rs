//! The book: links lead somewhere, and no page is left out of the table of contents.

use crate::tree::{File, files, none, root};

/// Returns the targets of the links in a Markdown text, code blocks left out.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for rest in line.split("](").skip(1) {
            found.extend(rest.split_once(')').map(|(target, _)| target.to_owned()));
        }
    }
    found
}

/// Returns the pages of the book: all but its table of contents.
fn pages() -> Vec<File> {
    let page = |file: &File| file.path.starts_with("docs/") && file.path != "docs/SUMMARY.md";
    files()
        .into_iter()
        .filter(|file| file.is_markdown() && page(file))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let mut faults = Vec::new();
    for file in files().iter().filter(|file| file.is_markdown()) {
        let path = root().join(&file.path);
        for link in links(&file.text) {
            let target = link.split('#').next().unwrap_or_default();
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !outside && !target.is_empty() && !path.parent().unwrap().join(target).exists() {
                faults.push(format!("{}: {link}", file.path));
            }
        }
    }
    none("a link leads to a file that is there", &faults);
}

#[test]
fn every_page_is_in_the_table_of_contents() {
    let summary = std::fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let listed = links(&summary);
    let faults: Vec<String> = pages()
        .into_iter()
        .map(|file| file.path)
        .filter(|path| {
            !listed
                .iter()
                .any(|link| path.strip_prefix("docs/") == Some(link))
        })
        .collect();
    none("docs/SUMMARY.md lists every page", &faults);
}

#[test]
fn decisions_are_numbered_without_gaps_and_have_their_parts() {
    let mut faults = Vec::new();
    let decisions = pages()
        .into_iter()
        .filter(|file| file.path.starts_with("docs/decisions/"));
    for (index, file) in decisions.enumerate() {
        if !file
            .path
            .starts_with(&format!("docs/decisions/{:04}-", index + 1))
        {
            faults.push(format!("{}: number {} is missing", file.path, index + 1));
        }
        for part in ["Status:", "## Why", "## Decision", "## What follows"] {
            if !file.text.lines().any(|line| line.starts_with(part)) {
                faults.push(format!("{}: no {part:?}", file.path));
            }
        }
    }
    none("a decision has a number, a status and three parts", &faults);
}

/// A page that names tests stands for what it says only as long as they are there.
#[test]
fn tests_that_pages_name_are_there() {
    let all = files();
    let code: Vec<&str> = all
        .iter()
        .filter(|file| file.is_rust())
        .map(|file| file.text.as_str())
        .collect();
    let mut faults = Vec::new();
    for name in ["docs/threat-model.md", "docs/architecture.md"] {
        let page = all.iter().find(|file| file.path == name).unwrap();
        // Names of tests are sentences: several words, joined by underscores.
        let named = page.text.split('`').skip(1).step_by(2);
        for test in
            named.filter(|test| test.matches('_').count() >= 2 && *test == test.to_lowercase())
        {
            if !code
                .iter()
                .any(|text| text.contains(&format!("fn {test}(")))
            {
                faults.push(format!("{name}: {test}"));
            }
        }
    }
    none("a page names a test that is not there", &faults);
}
