//! Measures what Circlet costs: a newcomer, a new story, a start, a minute of rest.
//!
//! `cargo bench --bench measure -- WHAT STORIES…` measures one thing with each number of stories;
//! `docs/performance.md` lists what there is. Nothing is asserted about the results.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_wrap,
    clippy::format_push_string,
    clippy::struct_field_names,
    clippy::unchecked_time_subtraction,
    missing_debug_implementations,
    unreachable_pub,
    reason = "what is not as expected ends a measurement"
)]

#[path = "measure/churn.rs"]
mod churn;
#[allow(dead_code, reason = "tests ask a browser for more")]
#[path = "../browser/driver.rs"]
mod driver;
#[path = "measure/grown.rs"]
mod grown;
#[path = "measure/machine.rs"]
mod machine;
#[path = "measure/nodes.rs"]
mod nodes;
#[path = "measure/page.rs"]
mod page;
#[path = "measure/pure.rs"]
mod pure;
#[path = "measure/report.rs"]
mod report;

/// What can be measured, and the numbers of stories it is measured with unless told.
const ALL: &[(&str, &[usize])] = &[
    ("core-newcomer", &[1_000, 10_000]),
    ("core-live", &[100, 10_000]),
    ("core-frontier", &[1_000, 10_000]),
    ("churn", &[1_000, 10_000]),
    ("newcomer", &[1_000, 10_000]),
    ("live", &[100, 10_000]),
    ("take-back", &[100]),
    ("start", &[0, 1_000, 10_000]),
    ("page", &[0, 10_000]),
];

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"));
    let wanted = arguments.next();
    let numbers: Vec<usize> = arguments.map(|number| number.parse().unwrap()).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (what, usual) in ALL {
        if wanted.as_ref().is_some_and(|wanted| wanted != what) {
            continue;
        }
        let numbers = if numbers.is_empty() {
            usual
        } else {
            numbers.as_slice()
        };
        for stories in numbers {
            match *what {
                "core-newcomer" => pure::newcomer(*stories),
                "core-live" => pure::live(*stories),
                "core-frontier" => pure::frontier(*stories),
                "churn" => churn::churn(*stories),
                "newcomer" => runtime.block_on(nodes::newcomer(*stories)),
                "live" => runtime.block_on(nodes::live(*stories)),
                "page" => runtime.block_on(page::page(*stories)),
                "take-back" => runtime.block_on(nodes::taken_back(*stories)),
                _ => runtime.block_on(nodes::start(*stories)),
            }
        }
    }
}
