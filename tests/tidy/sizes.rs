//! How long things are: a reader should get through a file in one pass.

use crate::tree::{files, none};

/// The most lines a file may have, its unit tests not counted.
const LONGEST: usize = 400;
/// Half of the files are at most this long.
const MEDIAN: usize = 150;
/// Nine files of ten are at most this long.
const NINE_OF_TEN: usize = 320;
/// The most lines of code in the whole product, comments and blank lines not counted.
/// Room for circles, membership under attack, devices, taking back, fading, locking, backups, bundles, repair,
/// gestures, the agreement, what is for oneself alone, and the whole of the page: final formats, their checks,
/// and errors in plain words are most of it. What is added from here on is weighed, and beyond this it is time to delete something.
const PRODUCT: usize = 43_500;
/// Lines of tests for each line of the product, times 100: a little below what there is, so that it
/// does not go back. The goal is 100.
const LEAST_TEST_PERCENT: usize = 70;

#[test]
fn files_are_short() {
    let mut lengths = Vec::new();
    let mut faults = Vec::new();
    for file in files() {
        if file.is_product() && file.is_rust() {
            lengths.push(file.source().len());
        }
        let counts = file.is_product() || file.path.starts_with("tests/harness/");
        if counts && file.is_rust() && file.source().len() > LONGEST {
            faults.push(format!("{}: {} lines", file.path, file.source().len()));
        }
    }
    none("a file has at most 400 lines besides its tests", &faults);
    lengths.sort_unstable();
    let (median, most) = (lengths[lengths.len() / 2], lengths[lengths.len() * 9 / 10]);
    println!(
        "{} files, median {median} lines, nine of ten {most}",
        lengths.len()
    );
    assert!(
        median <= MEDIAN,
        "half of the files are longer than {MEDIAN} lines: {median}"
    );
    assert!(
        most <= NINE_OF_TEN,
        "one file in ten is longer than {NINE_OF_TEN} lines: {most}"
    );
}

#[test]
fn the_product_is_small_and_tested() {
    let (mut product, mut code, mut tests) = (0, 0, 0);
    for file in files().iter().filter(|file| file.is_rust()) {
        let source = if file.is_product() {
            file.source()
        } else {
            Vec::new()
        };
        product += source.len();
        code += source.iter().filter(|line| is_code(line)).count();
        tests += file.text.lines().count() - source.len();
    }
    let percent = tests * 100 / product;
    println!("product: {product} lines, {code} of them code; tests: {tests} lines, {percent} %");
    assert!(
        code <= PRODUCT,
        "the product has {code} lines of code, more than {PRODUCT}"
    );
    assert!(
        percent >= LEAST_TEST_PERCENT,
        "tests are {percent} % of the product"
    );
}

/// Whether a line is neither blank nor a comment.
fn is_code(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("//")
}

#[test]
fn every_file_says_what_it_is_for() {
    let faults: Vec<String> = files()
        .into_iter()
        .filter(|file| file.is_rust() && !file.text.starts_with("//! "))
        .map(|file| file.path)
        .collect();
    none(
        "a file starts with `//!` and one sentence on what it is for",
        &faults,
    );
}
