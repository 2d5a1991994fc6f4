//! What a member keeps for themselves alone and would look for on a new computer: the crisis card, and whom
//! they muted.
//!
//! ```text
//! card  = 0xB2 ‖ the crisis card
//! muted = 0xB3 ‖ (circle's hint, whom they muted there)
//! ```

use super::in_memory::Shelf;
use super::marked;
use super::problems::damaged;
use crate::handle::Shown;
use crate::identity::Hint;
use crate::local::card::Card;
use crate::local::mute::MAX_MUTED;
use crate::local::{Local, fresh_thing};
use crate::problem::Problem;
use circlet_model::bounded::List;
use circlet_model::codec;
use circlet_model::id::PersonId;
use zeroize::Zeroizing;

/// Marks the piece with the crisis card.
const CARD: u8 = 0xB2;

/// Marks the piece with whom a member muted in a circle.
const MUTED: u8 = 0xB3;

/// Whom a member muted in a circle.
type Muted = (Hint, List<PersonId, MAX_MUTED>);

/// Returns the pieces of it. What cannot be read is left out.
pub(super) fn pieces(shown: &Shown<'_>) -> Vec<Zeroizing<Vec<u8>>> {
    let card = shown.local.card().unwrap_or_default();
    let mut pieces = Vec::new();
    if !card.is_blank() {
        pieces.push(marked(CARD, &card));
    }
    for line in &shown.circles {
        let people = shown.local.muted(line.hint).unwrap_or_default();
        if let Ok(people) = List::new(people.into_iter().collect::<Vec<_>>())
            && !people.is_empty()
        {
            let muted: Muted = (line.hint, people);
            pieces.push(marked(MUTED, &muted));
        }
    }
    pieces
}

/// Takes a piece in, and says whether it was one of these.
pub(super) fn take(piece: &[u8], rows: &dyn Shelf) -> Result<bool, Problem> {
    let reader = rows.reader();
    let (local, fresh) = (Local::new(&*reader), fresh_thing()?);
    let batch = match piece.split_first() {
        Some((&CARD, bytes)) => {
            let card: Card = codec::decode(bytes).map_err(|_| damaged())?;
            local.keep_card(&card, fresh)?
        }
        Some((&MUTED, bytes)) => {
            let (hint, people): Muted = codec::decode(bytes).map_err(|_| damaged())?;
            local.mute(hint, people.into_inner().into_iter().collect(), fresh)?
        }
        _ => return Ok(false),
    };
    rows.write(batch)?;
    Ok(true)
}
