//! More of a random walk: edits, stories that fade, what is settled, and bundles carried by hand.
//!
//! They are decided by dice of their own, so that a seed from before them walks as it did.

use crate::walk::Walk;
use circlet_model::id::ThingId;
use circlet_model::replica::input::{Command, Edit, Fade};
use circlet_model::replica::output::{Carried, Reply};
use circlet_model::replica::overview::Standing;
use circlet_model::replica::transcript::Purpose;
use rand_core::Rng as _;

/// The most bundles that are on their way at a time.
const BUNDLES: usize = 6;

impl Walk {
    /// Now and then does one thing more.
    pub(crate) fn more_words(&mut self, node: usize) {
        match self.roll(30) {
            Some(0 | 1) => self.edit(node),
            Some(2) => self.share_for_a_while(node),
            Some(3) => self.settle(node),
            Some(4) => self.write_bundle(node),
            Some(5) => self.take_bundle(node),
            Some(_) | None => {}
        }
    }

    fn roll(&mut self, sides: usize) -> Option<usize> {
        let dice = self.words.as_mut()?;
        Some((dice.next_u64() % sides as u64) as usize)
    }

    fn edit(&mut self, node: usize) {
        let own = self.world.said.iter().filter(|said| said.by == node);
        let own: Vec<ThingId> = own.map(|said| said.thing).collect();
        let Some(at) = self.roll(own.len().max(1)).filter(|at| *at < own.len()) else {
            return;
        };
        let text = self.text();
        let edit = Edit {
            text,
            ..Edit::default()
        };
        let thing = own[at];
        self.command(node, Command::Edit { thing, edit });
    }

    fn share_for_a_while(&mut self, node: usize) {
        let days = [1, 2, 7, 30][self.roll(4).unwrap_or_default()];
        let text = self.text();
        if let Command::Share { story, .. } = self.world.story(node, &text) {
            let fade = Fade::After(days);
            self.command(node, Command::Share { story, fade });
        }
    }

    fn settle(&mut self, node: usize) {
        let fade = [None, Some(0), Some(7), Some(30)][self.roll(4).unwrap_or_default()];
        let tells = [None, Some(true), Some(false)][self.roll(3).unwrap_or_default()];
        self.command(node, Command::Settle { fade, tells });
    }

    fn write_bundle(&mut self, node: usize) {
        let inside = |walk: &Self| walk.world.overview(node).standing == Standing::Member;
        if !self.world.runs(node) || !inside(self) || self.bundles.len() >= BUNDLES {
            return;
        }
        let somebody = self.roll(self.world.len()).filter(|one| *one != node);
        let to = somebody.map(|one| self.world.person(one));
        let pieces = self.world.transcript(node, Purpose::Bundle { to });
        self.say(&format!(
            "P{node} writes a bundle of {} pieces",
            pieces.len()
        ));
        self.bundles.push((node, pieces));
    }

    /// Takes in a bundle, which stays for others or is used up.
    fn take_bundle(&mut self, node: usize) {
        let bundles = self.bundles.len();
        let Some(at) = self.roll(bundles.max(1)).filter(|at| *at < bundles) else {
            return;
        };
        let (by, pieces) = match self.roll(2) {
            Some(0) => self.bundles.swap_remove(at),
            _ => self.bundles[at].clone(),
        };
        let reply = self.command(node, Command::Carry { pieces });
        if let Some(Reply::Carried(Carried { bad, .. })) = reply {
            assert!(!bad, "P{node} refused a piece of P{by}'s");
        }
    }
}
