//! What is kept for a member alone, over a vault in memory.

use super::card::{Card, Number};
use super::draft::{Becomes, Draft, MAX_DRAFTS, Seen, Words, Writing};
use super::*;
use crate::keystore::Secret;
use crate::storage::{Engine as _, Memory, Range, Vault};
use circlet_model::bounded::{List, Text};
use circlet_model::id::PersonId;
use circlet_model::time::{Day, Timestamp};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;
use std::collections::BTreeSet;
use tempfile::TempDir;

const CIRCLE: [u8; 16] = [1; 16];

struct Kept {
    folder: TempDir,
    engine: Memory,
    vault: Vault<Memory>,
    things: u8,
}

impl Kept {
    fn new() -> Self {
        let (folder, engine) = (tempfile::tempdir().unwrap(), Memory::default());
        let vault = open_vault(&folder, &engine);
        Self {
            folder,
            engine,
            vault,
            things: 0,
        }
    }

    fn local(&self) -> Local<'_> {
        Local::new(&self.vault)
    }

    fn fresh(&mut self) -> ThingId {
        self.things += 1;
        ThingId([self.things; 16])
    }

    /// Saves what a window says, at this time.
    fn save(&mut self, seen: Option<Seen>, text: &str, now: u64) -> Result<Option<Seen>, Problem> {
        let fresh = self.fresh();
        let (batch, seen) =
            self.local()
                .save_draft(CIRCLE, writing(seen, text), fresh, Timestamp(now))?;
        self.vault.write(batch).unwrap();
        Ok(seen)
    }

    fn texts(&self) -> Vec<String> {
        let drafts = self.local().drafts_of(CIRCLE, Becomes::Story).unwrap();
        drafts.iter().map(|it| it.words.text.to_string()).collect()
    }
}

fn open_vault(folder: &TempDir, engine: &Memory) -> Vault<Memory> {
    let (pages, master) = (folder.path().join("pages"), Secret::from([9; 32]));
    let rng = ChaCha20Rng::seed_from_u64(1);
    Vault::open(engine.clone(), pages, &master, rng).unwrap()
}

fn writing(seen: Option<Seen>, text: &str) -> Writing {
    Writing {
        becomes: Becomes::Story,
        seen,
        words: Words::new(text, None).unwrap(),
    }
}

#[test]
fn a_draft_goes_on_and_is_forgotten_when_it_is_emptied() {
    let mut kept = Kept::new();
    let first = kept.save(None, "I sl", 5).unwrap();
    let second = kept.save(first, "I slept.\r\nWell.", 6).unwrap();
    assert_eq!(first.unwrap().id, second.unwrap().id);
    assert_eq!(kept.texts(), ["I slept.\nWell."]);
    assert_eq!(kept.save(second, "I slept.\nWell.", 7).unwrap(), second);
    let text = second.unwrap().to_string();
    assert_eq!(text.parse(), Ok(second.unwrap()));
    for odd in ["", "-", "1-2", "zz-5"] {
        assert!(odd.parse::<Seen>().is_err(), "{odd}");
    }
    assert_eq!(kept.save(second, " \n", 8).unwrap(), None);
    assert_eq!(kept.local().drafts().unwrap(), []);
}

#[test]
fn two_windows_write_over_nothing_that_the_other_has_not_seen() {
    let mut kept = Kept::new();
    let first = kept.save(None, "One", 5).unwrap();
    let one = kept.save(first, "One window", 6).unwrap();
    // The other window was filled with the first state, by a clock that was put back meanwhile.
    let other = kept.save(first, "One door", 2).unwrap();
    assert_ne!(one.unwrap().id, other.unwrap().id);
    assert_eq!(kept.texts(), ["One door", "One window"]);
    // An empty form of a third window wipes nothing.
    assert_eq!(kept.save(None, "", 9).unwrap(), None);
    let again = kept.save(one, "One window more", 9).unwrap();
    assert_eq!(again.unwrap().id, one.unwrap().id);
    let sent = writing(again, "One window, and more");
    let batch = kept.local().drop_sent(CIRCLE, &sent).unwrap();
    kept.vault.write(batch).unwrap();
    assert_eq!(kept.texts(), ["One door"]);
    let sent = writing(None, "One door");
    let batch = kept.local().drop_sent(CIRCLE, &sent).unwrap();
    kept.vault.write(batch).unwrap();
    assert!(kept.texts().is_empty());
}

#[test]
fn there_are_only_so_many_drafts_and_none_goes_for_another() {
    let mut kept = Kept::new();
    let mut last = None;
    for count in 0..MAX_DRAFTS {
        last = kept.save(None, &format!("Draft {count}"), 5).unwrap();
    }
    let more = kept.save(None, "One more", 5).unwrap_err();
    assert_eq!(more.code, "too-many-drafts");
    assert_eq!(kept.texts().len(), MAX_DRAFTS);
    assert!(kept.save(last, "The last goes on", 6).unwrap().is_some());
    let long = "x".repeat(draft::MAX_WORDS + 1);
    assert_eq!(Words::new(&long, None).unwrap_err().code, "draft-too-long");
}

#[test]
fn the_longest_draft_comes_back() {
    let mut kept = Kept::new();
    let long = "ä".repeat(draft::MAX_WORDS / 2);
    let seen = kept.save(None, &long, 5).unwrap();
    assert_eq!(kept.texts(), [long]);
    kept.save(seen, "Short.", 6).unwrap();
    assert_eq!(kept.texts(), ["Short."]);
}

#[test]
fn no_key_of_the_home_opens_a_kept_copy_of_a_dropped_draft() {
    let mut kept = Kept::new();
    kept.save(None, "Gone soon", 5).unwrap();
    kept.save(None, "This stays", 5).unwrap();
    let everything = Range {
        from: Vec::new(),
        to: None,
        backwards: false,
        limit: usize::MAX,
    };
    let before = kept.engine.scan(&everything).unwrap();
    let drafts = kept.local().drafts().unwrap();
    let gone = drafts.iter().find(|it| &*it.words.text == "Gone soon");
    let batch = kept.local().drop_draft(gone.unwrap());
    kept.vault.write(batch).unwrap();
    assert_eq!(kept.texts(), ["This stays"]);
    // What the engine held before, beside what it holds now: rows of keys are those of now.
    let keys = |row: &[u8]| row.first() == Some(&0xf1);
    for (row, value) in before.into_iter().filter(|(row, _)| !keys(row)) {
        if kept.engine.get(&row).unwrap().is_none() {
            kept.engine.write(vec![(row, Some(value))]).unwrap();
        }
    }
    let vault = open_vault(&kept.folder, &kept.engine);
    let drafts: Vec<Draft> = Local::new(&vault).drafts().unwrap();
    assert_eq!(drafts.len(), 1);
    assert_eq!(&*drafts[0].words.text, "This stays");
}

#[test]
fn a_damaged_row_of_keys_that_are_ours_closes_no_circle() {
    let mut kept = Kept::new();
    kept.save(None, "Words", 5).unwrap();
    assert!(!kept.vault.is_damaged(CIRCLE));
    let rows = Range {
        from: vec![0xf1],
        to: Some(vec![0xf2]),
        backwards: false,
        limit: usize::MAX,
    };
    for (row, mut value) in kept.engine.scan(&rows).unwrap() {
        *value.last_mut().unwrap() ^= 1;
        kept.engine.write(vec![(row, Some(value))]).unwrap();
    }
    let vault = open_vault(&kept.folder, &kept.engine);
    assert!(!vault.is_damaged(CIRCLE));
    assert_eq!(Local::new(&vault).drafts().unwrap(), []);
}

#[test]
fn who_is_muted_is_kept_for_each_circle() {
    let mut kept = Kept::new();
    let bo = BTreeSet::from([PersonId([7; 32])]);
    assert!(kept.local().muted(CIRCLE).unwrap().is_empty());
    let fresh = kept.fresh();
    let batch = kept.local().mute(CIRCLE, bo.clone(), fresh).unwrap();
    kept.vault.write(batch).unwrap();
    assert_eq!(kept.local().muted(CIRCLE).unwrap(), bo);
    assert!(kept.local().muted([2; 16]).unwrap().is_empty());
    let fresh = kept.fresh();
    let batch = kept.local().mute(CIRCLE, BTreeSet::new(), fresh).unwrap();
    assert!(batch.contains(&Write::Forget(ThingId([1; 16]))));
    kept.vault.write(batch).unwrap();
    assert!(kept.local().muted(CIRCLE).unwrap().is_empty());
}

#[test]
fn a_card_is_kept_and_the_one_before_forgotten() {
    let mut kept = Kept::new();
    let number = Number {
        what: Text::new("112").unwrap(),
        checked: Some(Day(20_576)),
    };
    let card = Card {
        call: List::new(vec![number]).unwrap(),
        helps: Text::new("A walk.").unwrap(),
        ..Card::default()
    };
    assert!(kept.local().card().unwrap().is_blank());
    for (card, forgets) in [
        (card.clone(), false),
        (card.clone(), true),
        (Card::default(), true),
    ] {
        let fresh = kept.fresh();
        let batch = kept.local().keep_card(&card, fresh).unwrap();
        let forget = batch.iter().any(|it| matches!(it, Write::Forget(_)));
        assert_eq!(forget, forgets);
        kept.vault.write(batch).unwrap();
        assert!(kept.local().card().unwrap() == card);
    }
}

#[test]
fn nothing_of_it_is_shown_where_it_is_printed() {
    let mut kept = Kept::new();
    kept.save(None, "heron", 5).unwrap();
    let drafts = kept.local().drafts().unwrap();
    let card = Card {
        helps: Text::new("heron").unwrap(),
        ..Card::default()
    };
    let printed = format!(
        "{drafts:?} {card:?} {:?} {:?}",
        kept.local(),
        writing(None, "heron")
    );
    assert!(!printed.contains("heron"), "{printed}");
}
