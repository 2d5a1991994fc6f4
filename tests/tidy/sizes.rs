//! How long things are: a reader should get through a file in one pass.

use crate::tree::{files, none};

/// The most lines a file may have, its unit tests not counted.
const LONGEST: usize = 400;
/// Half of the files are at most this long.
const MEDIAN: usize = 150;
/// Nine files of ten are at most this long.
const NINE_OF_TEN: usize = 300;
/// What the whole product may grow to before it is time to delete something.
const PRODUCT: usize = 12_000;
/// Lines of tests for each line of the product, times 100. Rises to 100 when every suite is in.
const LEAST_TEST_PERCENT: usize = 1;

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
    let (mut product, mut tests) = (0, 0);
    for file in files().iter().filter(|file| file.is_rust()) {
        let source = if file.is_product() {
            file.source().len()
        } else {
            0
        };
        product += source;
        tests += file.text.lines().count() - source;
    }
    let percent = tests * 100 / product;
    println!("{product} lines of product, {tests} lines of tests: {percent} %");
    assert!(
        product <= PRODUCT,
        "the product has {product} lines, more than {PRODUCT}"
    );
    assert!(
        percent >= LEAST_TEST_PERCENT,
        "tests are {percent} % of the product"
    );
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
