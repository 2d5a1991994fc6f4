//! What somebody wrote down to come back by: 24 words or parts of them, and keys and cards of circles.

use circlet_model::invitation::{AnyKey, Part, papers_in};
use circlet_model::words;
use circlet_node::recovery::is_word;
use zeroize::Zeroizing;

/// Takes the words, or parts of them, and the keys of a file apart. Lines that begin with `#` are for
/// people.
pub(crate) fn apart(text: &str) -> (Zeroizing<String>, Zeroizing<String>) {
    let (mut written, mut keys) = (Zeroizing::default(), Zeroizing::default());
    let lines = text
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    for part in lines.flat_map(words::split) {
        let to: &mut Zeroizing<String> = if is_word(part) {
            &mut written
        } else {
            &mut keys
        };
        to.push_str(part);
        to.push('\n');
    }
    if !written.is_empty() {
        return (written, keys);
    }
    match papers_in(&keys) {
        Ok((found, parts)) if !parts.is_empty() => {
            let parts: Vec<_> = parts.iter().map(Part::to_text).collect();
            let found: Vec<_> = found.iter().map(AnyKey::to_text).collect();
            (one_a_line(&parts), one_a_line(&found))
        }
        Ok(_) => (written, keys),
        // Whoever reads it says what is wrong, and where.
        Err(_) => (keys.clone(), keys),
    }
}

fn one_a_line(texts: &[Zeroizing<String>]) -> Zeroizing<String> {
    let mut lines = Zeroizing::new(String::new());
    for text in texts {
        lines.push_str(text);
        lines.push('\n');
    }
    lines
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

    #[test]
    fn parts_stand_for_the_words_and_cards_stay_cards() {
        let part = |number| Part::new([3; 16], 2, number, Secret([number; 32])).unwrap();
        let [one, two] = [part(1), part(2)].map(|part| part.to_text());
        let card = Card::new([1; 16], &[]).to_text();
        let spaced = two.replace('-', " ");
        let page = format!("# Part 1 of 3\n{}\n\n{card}\n# Part 2\n{spaced}\n", *one);
        let (written, keys) = apart(&page);
        assert_eq!(*written, format!("{}\n{}\n", *one, *two));
        assert_eq!(*keys, format!("{card}\n"));
        // What cannot be read is handed on, for whoever says why.
        let (written, keys) = apart(&one[..40]);
        assert!(!written.is_empty() && written == keys);
    }
}
