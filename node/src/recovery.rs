//! What a person comes back with: the 24 words, or so many parts of them as are needed.
//!
//! Parts are for people whom one trusts, each of whom holds one and none of whom could come in one's
//! place alone. They are on paper: nothing here keeps or sends one, so nobody can see who holds what.

use crate::problem::Problem;
use blahaj::{Share, Sharks};
use circlet_model::invitation::{self, MAX_PARTS, MIN_NEEDED, Part, papers_in};
use circlet_model::key::{Rng, Secret};
use circlet_model::words::{self, COUNT, Error};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// The longest word of the list that the 24 are from; each group of a key or a part is longer.
const LONGEST: usize = 8;

/// Whether something that stands alone is a word, and no group of a key or of a part.
pub fn is_word(text: &str) -> bool {
    text.len() <= LONGEST && text.chars().all(char::is_alphabetic)
}

/// Reads the 24 words, or parts of them.
pub fn seed_of(text: &str) -> Result<Secret, Problem> {
    match papers_in(text) {
        Ok((_, parts)) if !parts.is_empty() => return join(&parts),
        Err(error) if !words::split(text).any(is_word) => return Err(explain_part(error)),
        _ => {}
    }
    words::from_words(text).map_err(|error| explain(error, text))
}

/// Splits a root seed into parts, of which so many are needed.
pub fn split(
    seed: &Secret,
    needed: u8,
    count: u8,
    rng: &mut Rng<'_>,
) -> Result<Vec<Part>, Problem> {
    if needed < MIN_NEEDED || needed > count || count > MAX_PARTS {
        return Err(Problem::new(
            "parts-count",
            format!(
                "There can be {MIN_NEEDED} to {MAX_PARTS} parts, and of these at least {MIN_NEEDED} are \
                 needed together."
            ),
            "Choose other numbers: two of three, for example.",
        ));
    }
    let mut salt = [0; 8];
    rng.fill_bytes(&mut salt);
    let set = Part::set_of(seed, salt);
    let mut rng: &mut Rng<'_> = rng;
    let shares = Sharks(needed).dealer_rng(&seed.0, &mut rng);
    let parts = shares.take(usize::from(count)).map(|share| {
        let bytes = Zeroizing::new(Vec::from(&share));
        let (number, rest) = bytes.split_first()?;
        Part::new(set, needed, *number, Secret(rest.try_into().ok()?))
    });
    let parts: Option<Vec<Part>> = parts.collect();
    parts.ok_or_else(Problem::bug)
}

/// Puts parts together.
fn join(parts: &[Part]) -> Result<Secret, Problem> {
    let Some(first) = parts.first() else {
        return Err(missing(0, MIN_NEEDED));
    };
    let same = |part: &Part| part.set() == first.set() && part.needed() == first.needed();
    if !parts.iter().all(same) {
        return Err(Problem::new(
            "parts-of-two-sets",
            "These parts do not belong together: they were made at different times, or of different words.",
            "Parts that begin with the same groups belong together.",
        ));
    }
    let different: BTreeMap<u8, &Part> = parts.iter().map(|part| (part.number(), part)).collect();
    if different.len() < usize::from(first.needed()) {
        return Err(missing(different.len(), first.needed()));
    }
    let shares = different.values().map(|part| {
        let bytes = Zeroizing::new([&[part.number()], part.share().0.as_slice()].concat());
        Share::try_from(bytes.as_slice())
    });
    let shares: Result<Vec<Share>, _> = shares.collect();
    let joined = shares.ok().and_then(|shares| {
        let secret = Sharks(first.needed()).recover(&shares).ok()?;
        let secret = Zeroizing::new(secret);
        <[u8; 32]>::try_from(secret.as_slice()).ok().map(Secret)
    });
    joined.filter(|seed| first.is_of(seed)).ok_or_else(|| {
        Problem::new(
            "parts-wrong",
            "One of these parts is not what it was when it was made.",
            "Take another part of the same set in its place, if you can.",
        )
    })
}

fn missing(count: usize, needed: u8) -> Problem {
    let there = match count {
        1 => "There is one part".to_owned(),
        count => format!("There are {count} different parts"),
    };
    Problem::new(
        "parts-missing",
        format!("{there}, and {needed} of the same set are needed."),
        "Ask another person who holds one.",
    )
    .with("count", count)
    .with("needed", needed)
}

fn explain_part(error: invitation::Error) -> Problem {
    match error {
        invitation::Error::Mistyped { .. } => error.into(),
        _ => Problem::new(
            "part-unreadable",
            "A part of the words is not whole, or its groups are in another order.",
            "Compare it with the paper it is from.",
        ),
    }
}

/// Says what is wrong with words, and where.
pub(crate) fn explain(error: Error, written: &str) -> Problem {
    match error {
        Error::Count(count) => Problem::new(
            "words-count",
            format!("There are {count} words, and {COUNT} are needed."),
            "Write all of them, with blanks or lines between.",
        )
        .with("count", count),
        Error::Unknown(place) => {
            let word = words::split(written).nth(place.saturating_sub(1));
            let word = word.unwrap_or_default();
            Problem::new(
                "words-mistyped",
                format!("Word {place}, \"{word}\", is not in the list that the words come from."),
                "Compare it with what you wrote down.",
            )
            .with("place", place)
            .with("word", word)
        }
        Error::Check => Problem::new(
            "words-mixed",
            "Each of these is a word of the list, but they do not belong together: one of them is \
             another word, or two have changed places.",
            "Compare them with what you wrote down, one by one.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    fn parts_of(seed: u8, needed: u8, count: u8, chance: u64) -> Vec<Part> {
        let mut rng = ChaCha20Rng::seed_from_u64(chance);
        split(&Secret([seed; 32]), needed, count, &mut rng).unwrap()
    }

    fn code(parts: &[Part]) -> String {
        join(parts)
            .err()
            .map(|problem| problem.code.to_string())
            .unwrap_or_default()
    }

    proptest! {
        #[test]
        fn any_of_them_that_are_enough_are_the_words_and_fewer_are_not(
            seed in any::<u8>(),
            needed in 2..=16_u8,
            more in 0..=14_u8,
            chance in any::<u64>(),
            left_out in any::<u64>(),
        ) {
            let count = (needed + more).min(16);
            let mut parts = parts_of(seed, needed, count, chance);
            while parts.len() > usize::from(needed) {
                let at = left_out % parts.len() as u64;
                parts.remove(usize::try_from(at).unwrap());
            }
            parts.reverse();
            prop_assert!(join(&parts).is_ok_and(|it| it == Secret([seed; 32])));
            parts.pop();
            prop_assert_eq!(code(&parts), "parts-missing");
        }
    }

    #[test]
    fn each_split_draws_its_own_parts() {
        let (one, other) = (parts_of(1, 2, 3, 7), parts_of(1, 2, 3, 8));
        assert_ne!(one[0].share(), other[0].share());
        let mixed = [one[0].clone(), other[1].clone()];
        assert_eq!(code(&mixed), "parts-of-two-sets");
        // All of a set do as well as just enough, and one that is there twice counts once.
        assert!(join(&one).is_ok());
        let twice = [one[1].clone(), one[1].clone()];
        assert_eq!(code(&twice), "parts-missing");
        assert!(join(&[one[1].clone(), one[1].clone(), one[2].clone()]).is_ok());
    }

    #[test]
    fn a_part_that_somebody_changed_yields_nothing() {
        let parts = parts_of(1, 2, 3, 7);
        let bent = Part::new(parts[0].set(), 2, parts[0].number(), Secret([4; 32])).unwrap();
        assert_eq!(code(&[bent, parts[1].clone()]), "parts-wrong");
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        for (needed, count) in [(1, 3), (0, 0), (3, 2), (2, 17), (17, 17)] {
            let mut rng = ChaCha20Rng::seed_from_u64(1);
            let refused = split(&Secret([1; 32]), needed, count, &mut rng);
            assert_eq!(refused.unwrap_err().code, "parts-count");
        }
    }

    #[test]
    fn words_and_parts_are_told_apart_and_what_is_wrong_is_said() {
        let parts = parts_of(1, 2, 3, 7);
        let written = |some: &[Part]| {
            let lines: Vec<String> = some.iter().map(|it| it.to_text().to_string()).collect();
            lines.join("\n")
        };
        let seed = Secret([1; 32]);
        assert!(seed_of(&written(&parts[..2])).is_ok_and(|it| it == seed));
        assert!(seed_of(&words::to_words(&seed)).is_ok_and(|it| it == seed));
        let of = |text: &str| seed_of(text).unwrap_err().code;
        assert_eq!(of(""), "words-count");
        assert_eq!(of("one two"), "words-count");
        assert_eq!(of(&written(&parts[..1])), "parts-missing");
        let text = written(&parts[..2]);
        assert_eq!(of(&text[..150]), "part-unreadable");
        assert_eq!(of(&text.replacen(&text[10..12], "00", 1)), "key-mistyped");
    }
}
