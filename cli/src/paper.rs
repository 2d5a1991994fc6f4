//! What somebody wrote down to come back by: 24 words, and keys and cards of circles.

use circlet_model::words;
use zeroize::Zeroizing;

/// The longest word of the list that the 24 are from; each group of a key is longer.
const LONGEST: usize = 8;

/// Takes the words and the keys of a file apart. Lines that begin with `#` are for people.
pub(crate) fn apart(text: &str) -> (Zeroizing<String>, Zeroizing<String>) {
    let (mut written, mut keys) = (Zeroizing::default(), Zeroizing::default());
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    for part in lines.flat_map(words::split) {
        let is_word = part.len() <= LONGEST && part.chars().all(char::is_alphabetic);
        let to: &mut Zeroizing<String> = if is_word { &mut written } else { &mut keys };
        to.push_str(part);
        to.push('\n');
    }
    (written, keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use circlet_model::invitation::{Card, keys_in};
    use circlet_model::key::Secret;

    #[test]
    fn words_and_keys_are_found_in_any_order_and_spacing() {
        let all = words::to_words(&Secret([7; 32]));
        let listed: Vec<String> = all
            .split(' ')
            .zip(1..)
            .map(|(word, number)| format!("{number:>2}. {word}"))
            .collect();
        let address = "/ip4/192.0.2.1/tcp/4001".parse().unwrap();
        let (one, two) = (Card::new([1; 16], &[address]), Card::new([2; 16], &[]));
        let (one, two) = (one.to_text(), two.to_text());
        let spaced = two.replace('-', " ");
        for text in [
            format!("{}\n{one}\n{two}\n", *all),
            format!("# mine\n{one}\n\n{}\n{spaced}", listed.join("\n")),
            format!(
                "{} {}\n{} {}",
                &one[..30],
                &one[30..],
                spaced,
                all.to_uppercase()
            ),
        ] {
            let (written, keys) = apart(&text);
            assert!(words::from_words(&written) == Ok(Secret([7; 32])), "{text}");
            let keys = keys_in(&keys).unwrap();
            let found: Vec<String> = keys.iter().map(|key| key.to_text().to_string()).collect();
            assert_eq!(found, [one.clone(), two.clone()], "{text}");
        }
    }
}
