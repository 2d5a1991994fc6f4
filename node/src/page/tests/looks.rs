//! The names of the page's looks: legible together, all used by name, all explained.

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../../assets/app.css");
const EXPLAINED: &str = include_str!("../../../../docs/looks.md");

/// What words are written in, and on.
const WORDS: [&str; 5] = ["ink", "ink-soft", "leaf", "leaf-deep", "clay"];
const GROUNDS: [&str; 4] = ["paper", "card", "mist", "sand"];

/// What only has to be seen: the edges of fields, and the ring around what has the focus.
const SEEN: [&str; 2] = ["edge", "glow"];

/// Returns what the two first blocks name, and what stands below them.
fn named() -> (Vec<BTreeMap<&'static str, &'static str>>, &'static str) {
    let mut rest = STYLE;
    let mut schemes = Vec::new();
    for _ in 0..2 {
        let (_, block) = rest.split_once(":root {").unwrap();
        let (block, below) = block.split_once('}').unwrap();
        let lines = block.lines().filter_map(|line| {
            let (name, value) = line.trim().strip_prefix("--")?.split_once(": ")?;
            Some((name, value.trim_end_matches(';')))
        });
        let mut scheme: BTreeMap<_, _> = schemes.first().cloned().unwrap_or_default();
        scheme.extend(lines);
        schemes.push(scheme);
        rest = below;
    }
    (schemes, rest)
}

/// Returns how bright a colour is, by the formula of WCAG 2.
fn brightness(colour: &str) -> f64 {
    let part = |at: usize| {
        let byte = u8::from_str_radix(&colour[at..at + 2], 16).unwrap();
        let part = f64::from(byte) / 255.0;
        if part <= 0.039_28 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (brightness(one) + 0.05, brightness(other) + 0.05);
    one.max(other) / one.min(other)
}

#[test]
fn everything_that_is_written_is_legible_on_everything_that_it_stands_on() {
    for scheme in named().0 {
        let at_least = |least: f64, one: &str, other: &str| {
            let found = contrast(scheme[one], scheme[other]);
            assert!(found >= least, "{one} on {other}: {found:.2}");
        };
        for ground in GROUNDS {
            for words in WORDS {
                at_least(4.5, words, ground);
            }
            for seen in SEEN {
                at_least(3.0, seen, ground);
            }
        }
        at_least(4.5, "on-leaf", "leaf");
        at_least(4.5, "on-leaf", "leaf-deep");
    }
}

#[test]
fn looks_are_used_by_their_names_and_turn_with_the_direction() {
    let (schemes, below) = named();
    for name in schemes[0].keys() {
        assert!(
            below.contains(&format!("var(--{name})")),
            "nothing uses {name}"
        );
        assert!(
            EXPLAINED.contains(&format!("`--{name}`")),
            "{name} is not explained"
        );
    }
    // A picture for a camera is black on white in either scheme.
    let below = below
        .replace("fill: #ffffff", "")
        .replace("fill: #000000", "");
    let lines = below.lines().filter_map(|line| line.trim().split_once(':'));
    // Paper has names of its own for black and white.
    for (name, value) in lines.filter(|(name, _)| !name.starts_with("--")) {
        let bare = ["#", "rgb", "hsl"].iter().any(|sign| value.contains(sign));
        assert!(!bare || value.contains('{'), "{name}:{value}");
        let one_sided = ["left", "right"].iter().any(|side| {
            name.split('-').any(|part| part == *side) || value.trim() == format!("{side};")
        });
        assert!(!one_sided, "{name}:{value}");
        if name == "font-size" {
            assert!(value.starts_with(" var(--text"), "{name}:{value}");
        }
    }
}
