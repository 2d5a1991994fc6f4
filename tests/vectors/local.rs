//! What a member keeps for themselves alone.

use crate::book::{Book, Frozen};
use crate::cast;
use circlet_model::bounded::{List, Text};
use circlet_model::id::{PersonId, ThingId};
use circlet_model::store::{Batch, Space, Value, Write};
use circlet_model::time::{Day, Timestamp};
use circlet_node::api::stories::Ask;
use circlet_node::keystore::Secret;
use circlet_node::local::Local;
use circlet_node::local::card::{Card, Number};
use circlet_node::local::draft::{Becomes, Draft, Words, Writing};
use circlet_node::local::place::Place;
use circlet_node::storage::{Memory, Vault};
use std::collections::BTreeSet;

const CIRCLE: [u8; 16] = [0xd1; 16];
const THING: ThingId = ThingId([0xd2; 16]);
const NOW: Timestamp = Timestamp(1_790_000_000_000);

#[test]
fn rows_for_one_person_alone() {
    let mut book = Book::new("local");
    let folder = tempfile::tempdir().unwrap();
    let master = Secret::from([0xd3; 32]);
    let pages = folder.path().join("pages");
    let vault = Vault::open(Memory::default(), pages, &master, cast::rng()).unwrap();
    let local = Local::new(&vault);
    let (draft, _) = local.save_draft(CIRCLE, writing(), THING, NOW).unwrap();
    let muted = local.mute(CIRCLE, people(), THING).unwrap();
    let card = local.keep_card(&card(), THING).unwrap();
    let place = local.keep_place(CIRCLE, &place());
    let backup = local.keep_last_backup(NOW);
    for (name, batch) in [
        ("draft", draft),
        ("muted", muted),
        ("card", card),
        ("place", place),
        ("backup", backup),
    ] {
        let value = value(&batch);
        book.put(&format!("{name}, head"), &value.head);
        let body = value.body.as_ref().map(|body| body.bytes.clone());
        book.put(&format!("{name}, body"), body.unwrap_or_default());
    }
    rows_mean(&vault, &book.freeze());
}

fn rows_mean(vault: &Vault<Memory>, frozen: &Frozen) {
    let local = Local::new(vault);
    let (draft, _) = local.save_draft(CIRCLE, writing(), THING, NOW).unwrap();
    let muted = local.mute(CIRCLE, people(), THING).unwrap();
    let card_rows = local.keep_card(&card(), THING).unwrap();
    let place_rows = local.keep_place(CIRCLE, &place());
    let rows = [
        ("draft", draft),
        ("muted", muted),
        ("card", card_rows),
        ("place", place_rows),
        ("backup", local.keep_last_backup(Timestamp(0))),
    ];
    for (name, mut batch) in rows {
        for write in &mut batch {
            let Write::Put(key, value) = write else {
                continue;
            };
            if key.space == Space::Local {
                value.head = frozen.bytes(&format!("{name}, head"));
                if let Some(body) = &mut value.body {
                    body.bytes = frozen.bytes(&format!("{name}, body"));
                }
            }
        }
        vault.write(batch).unwrap();
    }
    let Words {
        text,
        note,
        ask,
        fade,
    } = writing().words;
    let drafts: Vec<Draft> = local.drafts().unwrap();
    assert_eq!((drafts[0].id, drafts[0].saved), (THING, NOW));
    assert_eq!(drafts[0].becomes, Becomes::Response(ThingId([0xd4; 16])));
    assert!(
        drafts[0].words
            == Words {
                text,
                note,
                ask,
                fade
            }
    );
    assert_eq!(local.muted(CIRCLE).unwrap(), people());
    assert!(local.card().unwrap() == card());
    assert_eq!(local.place(CIRCLE).unwrap(), place());
    assert_eq!(local.last_backup().unwrap(), Some(NOW));
}

fn value(batch: &Batch) -> &Value {
    let mut puts = batch.iter().filter_map(|write| match write {
        Write::Put(key, value) if key.space == Space::Local => Some(value),
        Write::Put(..) | Write::Delete(_) | Write::Forget(_) => None,
    });
    puts.next().unwrap()
}

fn writing() -> Writing {
    let words = Words {
        ask: Some(Ask::Ideas),
        fade: Some(7),
        ..Words::new("Some words.", Some("a note")).unwrap()
    };
    Writing {
        becomes: Becomes::Response(ThingId([0xd4; 16])),
        seen: None,
        words,
    }
}

fn people() -> BTreeSet<PersonId> {
    [0xd5, 0xd6].map(|it| PersonId([it; 32])).into()
}

fn card() -> Card {
    let number = |what: &str, checked| Number {
        what: Text::new(what).unwrap(),
        checked,
    };
    Card {
        call: List::new(vec![number("112", Some(Day(20_576)))]).unwrap(),
        people: List::new(vec![number("Mara", None)]).unwrap(),
        helps: Text::new("A walk.").unwrap(),
        agreed: Text::new("We call.").unwrap(),
    }
}

fn place() -> Place {
    let before = Place::default().after_look(&[ThingId([1; 16])], Timestamp(1));
    before.after_look(&[ThingId([2; 16]), ThingId([1; 16])], NOW)
}
