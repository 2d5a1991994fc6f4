//! Keeping where members of each circle were last, outside the store.

use super::Driver;
use super::circle::Circle;
use crate::cards::{Cards, Kept};
use crate::storage::Engine;
use circlet_model::replica::overview::Standing;
use circlet_model::time::Timestamp;
use std::time::Duration;

/// The shortest time between two looks at whether they moved: cards say much the same for days.
const LOOK: Duration = Duration::from_mins(1);

/// What is kept, and whether it may have changed.
#[derive(Debug)]
pub(super) struct Keeping {
    cards: Cards,
    kept: Vec<Kept>,
    moved: bool,
    next: Timestamp,
}

impl Keeping {
    pub(super) fn new(cards: Cards) -> Self {
        let kept = cards.read();
        Self {
            cards,
            kept,
            moved: true,
            next: Timestamp::default(),
        }
    }
}

impl<E: Engine> Driver<E> {
    /// Keeps the cards of the circles once in a while after something was written; at the end in any
    /// case. Where that does not work, what was kept before is still there.
    pub(super) fn keep_cards(&mut self, written: bool, end: bool) {
        let now = self.now();
        self.keeping.moved |= written;
        if !self.keeping.moved || (now < self.keeping.next && !end) {
            return;
        }
        (self.keeping.moved, self.keeping.next) = (false, now.after(LOOK));
        let before = &self.keeping.kept;
        // Of a circle that is not in the store though its keys are here, this is all that is left.
        let lost = |kept: &&Kept| {
            let here = |circle: &Circle| circle.row.hint == kept.hint;
            !self.circles.iter().any(here) && self.identity.hints().contains(&kept.hint)
        };
        let mut kept: Vec<Kept> = before.iter().filter(lost).cloned().collect();
        for circle in &self.circles {
            let line = circle.line();
            let of_before = before.iter().find(|kept| kept.hint == line.hint);
            let fresh = line.replica.ok().and_then(|replica| {
                let overview = replica.overview();
                let here = overview.standing == Standing::Member;
                let card = here.then(|| replica.card().to_text())?;
                Kept::new(line.hint, &overview.name, &card)
            });
            kept.extend(fresh.or_else(|| of_before.cloned()));
        }
        if kept != self.keeping.kept && self.keeping.cards.write(&kept).is_ok() {
            self.keeping.kept = kept;
        }
    }
}
