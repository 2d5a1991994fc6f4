//! Batches whose every row can be told from the batch's number alone.
//!
//! So the number that the row `tip` holds says what the whole store must look like, and a batch that
//! was applied in part shows.

use circlet_model::id::ThingId;
use circlet_model::store::{Batch, Body, Key, Reader, Scan, Space, Value, Write};
use circlet_tests::disk::ACK;
use std::io::Write as _;

/// Every so many batches, a thing is forgotten: the one three batches before.
const FORGETS: u32 = 7;

/// Every so many batches, a row of several pieces is replaced.
const LARGE: u32 = 13;

const OWNER: &[u8] = b"some circle";

/// The unit of length of the large rows.
const UNIT: usize = 10_000;

/// Returns batch `number`. The first is 0.
pub(crate) fn batch(number: u32) -> Batch {
    batch_of(number, UNIT)
}

/// Returns batch `number`, with large rows of 5 to 17 such units.
pub(crate) fn batch_of(number: u32, unit: usize) -> Batch {
    let order = number.to_be_bytes();
    let body = Body {
        thing: thing(number),
        bytes: text(number, 900),
    };
    let mut batch = vec![
        Write::Put(
            log(number),
            Value {
                head: text(number, 120),
                body: Some(body.clone()),
            },
        ),
        Write::Put(
            Key::new(Space::Time, OWNER, order),
            Value {
                head: order.to_vec(),
                body: Some(body),
            },
        ),
        Write::Put(tip(), Value::from(order.to_vec())),
    ];
    if number % FORGETS == FORGETS - 1 {
        batch.push(Write::Forget(thing(number - 3)));
    }
    if number.is_multiple_of(LARGE) {
        let body = Body {
            thing: thing(u32::MAX),
            bytes: text(number, large(number, unit)),
        };
        batch.push(Write::Put(
            Key::new(Space::Things, OWNER, "large"),
            Value {
                head: order.to_vec(),
                body: Some(body),
            },
        ));
    }
    batch
}

/// Writes batches to a vault, without end, and acknowledges each once it is durable.
pub(crate) fn write_without_end(home: &circlet_node::home::Home) {
    let vault = circlet_node::storage::open(home, &super::master()).unwrap();
    let next = count(&vault).unwrap();
    let mut out = std::io::stdout().lock();
    for number in next.. {
        vault.write(batch(number)).unwrap();
        vault.flush().unwrap();
        out.write_all(format!("\n{ACK}{number}.\n").as_bytes())
            .unwrap();
        out.flush().unwrap();
    }
}

/// Copies the store, without end, and says so each time.
pub(crate) fn copy_without_end(home: &circlet_node::home::Home) {
    let mut out = std::io::stdout().lock();
    for number in 0_u32.. {
        circlet_node::storage::compact(home).unwrap();
        out.write_all(format!("\n{ACK}{number}.\n").as_bytes())
            .unwrap();
        out.flush().unwrap();
    }
}

/// Checks that a store holds exactly the first so many batches, and returns how many.
pub(crate) fn count(store: &impl Reader) -> Result<u32, String> {
    count_of(store, UNIT)
}

/// Checks likewise, with large rows of such units.
pub(crate) fn count_of(store: &impl Reader, unit: usize) -> Result<u32, String> {
    let value = store.get(&tip()).map_err(|error| error.to_string())?;
    let count = value.map_or(0, |value| {
        1 + u32::from_be_bytes(value.head.try_into().unwrap())
    });
    let rows = store
        .scan(&Scan::all(Space::Log, OWNER))
        .map_err(|error| error.to_string())?;
    let times = store
        .scan(&Scan::all(Space::Time, OWNER))
        .map_err(|error| error.to_string())?;
    if rows.len() != count as usize || times.len() != rows.len() {
        return Err(format!(
            "{count} batches, {} and {} rows",
            rows.len(),
            times.len()
        ));
    }
    for ((number, (_, row)), (_, time)) in (0..count).zip(rows).zip(times) {
        let forgotten = number % FORGETS == FORGETS - 4 && number + 3 < count;
        let body = (!forgotten).then(|| Body {
            thing: thing(number),
            bytes: text(number, 900),
        });
        if row.head != text(number, 120) || row.body != body || time.body != body {
            return Err(format!("row {number} of {count} is not as it was written"));
        }
    }
    let large_row = store.get(&Key::new(Space::Things, OWNER, "large"));
    let last = count.checked_sub(1).map(|last| last - last % LARGE);
    let bytes = large_row
        .map_err(|error| error.to_string())?
        .map(|row| row.body.unwrap().bytes);
    if bytes != last.map(|number| text(number, large(number, unit))) {
        return Err(format!("the large row of {count} is not as it was written"));
    }
    Ok(count)
}

/// Returns the text of a batch.
pub(crate) fn text(number: u32, length: usize) -> Vec<u8> {
    format!("what batch {number} says. ")
        .into_bytes()
        .into_iter()
        .cycle()
        .take(length)
        .collect()
}

/// Returns the address of a batch's row in the log.
pub(crate) fn log(number: u32) -> Key {
    Key::new(Space::Log, OWNER, number.to_be_bytes())
}

/// Returns the thing of a batch.
pub(crate) fn thing(number: u32) -> ThingId {
    let mut thing = ThingId([7; 16]);
    thing.0[..4].copy_from_slice(&number.to_be_bytes());
    thing
}

fn tip() -> Key {
    Key::new(Space::Meta, OWNER, "tip")
}

fn large(number: u32, unit: usize) -> usize {
    (5 + number as usize % 4 * 4) * unit
}
