//! The member's guide, run as its readers would: from the first page to the last, on one computer.
//!
//! In a block that begins with `console`, what stands after `$` is typed into a shell and the lines
//! below are what it says; `[..]` stands for any text within a line. A block is Ana's, unless a name
//! follows, as in `console,bo`: each has a home of their own, and both sit in the same folder. Blocks
//! of another kind are for reading only: they need two computers, a terminal or a running node.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

/// What a slow computer says while it works, and a quick one does not.
const MEANWHILE: [&str; 9] = [
    "Circlet goes on meanwhile.",
    "Reading the backup.",
    "Reading the file.",
    "Repairing.",
    "Restoring.",
    "Writing the file.",
    "Writing the files.",
    "so far.",
    "Still at it.",
];

/// A command as the guide shows it.
struct Step<'a> {
    /// Where it stands.
    line: usize,
    /// Whose home it is for.
    who: &'a str,
    typed: &'a str,
    told: Vec<&'a str>,
}

/// Returns the guide's pages, in the order in which they are read.
fn pages() -> Vec<String> {
    let summary = std::fs::read_to_string("../docs/SUMMARY.md").unwrap();
    let links = summary
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    links
        .filter(|link| link.starts_with("guide/"))
        .map(str::to_owned)
        .collect()
}

/// Returns the commands of a page.
fn steps(page: &str) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    let mut block: Option<&str> = None;
    let mut inside = false;
    for (number, line) in page.lines().enumerate() {
        if let Some(kind) = line.strip_prefix("```") {
            let named = kind
                .strip_prefix("console")
                .map(|who| who.trim_start_matches(','));
            block = named.filter(|_| !inside);
            inside = !inside;
        } else if let Some(who) = block {
            if let Some(typed) = line.strip_prefix("$ ") {
                let who = if who.is_empty() { "ana" } else { who };
                let (line, told) = (number + 1, Vec::new());
                steps.push(Step {
                    line,
                    who,
                    typed,
                    told,
                });
            } else if let Some(step) = steps.last_mut() {
                step.told.push(line);
            }
        }
    }
    steps
}

/// Runs a command in the folder and returns what it says.
fn run(step: &Step<'_>, folder: &Path) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_circlet")).parent().unwrap();
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", &format!("exec 2>&1\n{}", step.typed)])
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", program.display()))
        .env("CIRCLET_HOME", folder.join(step.who))
        .env_remove("CIRCLET_SOCKET")
        .env_remove("CIRCLET_LOG")
        .env_remove("VISUAL")
        .env_remove("EDITOR")
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Says whether a line is the one that was told, `[..]` standing for any text.
fn fits(told: &str, said: &str) -> bool {
    let parts: Vec<&str> = told.split("[..]").collect();
    let (first, last) = (parts[0], parts[parts.len() - 1]);
    if parts.len() == 1 {
        return told == said;
    }
    let Some(middle) = said
        .strip_prefix(first)
        .and_then(|rest| rest.strip_suffix(last))
    else {
        return false;
    };
    let mut rest = middle;
    parts[1..parts.len() - 1].iter().all(|part| {
        let after = rest.split_once(part).map(|(_, after)| after);
        rest = after.unwrap_or_default();
        after.is_some()
    })
}

#[test]
fn the_guide_says_what_happens() {
    let folder = tempfile::tempdir().unwrap();
    let (mut wrong, mut count) = (String::new(), 0);
    for name in pages() {
        let page = std::fs::read_to_string(Path::new("../docs").join(&name)).unwrap();
        for step in steps(&page) {
            let said = run(&step, folder.path());
            let said = said.trim_end().lines();
            let said = said.filter(|line| !MEANWHILE.iter().any(|slow| line.ends_with(slow)));
            let said: Vec<&str> = said.collect();
            let told = &step.told[..step
                .told
                .iter()
                .rposition(|line| !line.is_empty())
                .map_or(0, |last| last + 1)];
            let alike = told.len() == said.len()
                && told
                    .iter()
                    .zip(&said)
                    .all(|(told, said)| fits(told, said.trim_end()));
            if !alike {
                writeln!(
                    wrong,
                    "{name}:{}: $ {}\n{}\n",
                    step.line,
                    step.typed,
                    said.join("\n")
                )
                .unwrap();
            }
            count += 1;
        }
    }
    assert!(count > 20, "only {count} commands were found");
    assert!(
        wrong.is_empty(),
        "what these say is not what stands there:\n\n{wrong}"
    );
}

#[test]
fn any_text_fits_between() {
    assert!(fits("a [..] c", "a bbb c") && fits("[..]", "") && fits("a[..]b[..]c", "a1b2c"));
    assert!(!fits("a [..] c", "a bbb d") && !fits("ab[..]bc", "abc") && !fits("a", "a "));
}
