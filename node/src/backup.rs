//! A backup: one encrypted file with everything that a person needs to come back, whatever is left of
//! their computer.
//!
//! ```text
//! file   = head ‖ stream (`chunks`), whose pieces are
//!          person ‖ what is for them alone (`alone`)
//!          ‖ for each circle: circle ‖ its transcript (`circlet_model::replica::transcript`)
//! person = 0xB0 ‖ (version 1, when it was made, root seed, name)
//! circle = 0xB1 ‖ (circle, its name, the person secret where it does not follow from the seed, cards)
//! ```
//!
//! The keys of the device that wrote it are not in it: what is restored is always a new device, and two
//! computers never write as one. The head is in `backup/head.rs`.
//!
//! It is made piece by piece where the replicas live, so that the node goes on meanwhile; each piece is
//! whole in itself, and what was shared meanwhile stands at the end.

mod alone;
mod head;
mod in_memory;
mod load;
mod open;
mod pieces;
mod problems;
pub(crate) mod rescue;
mod restore;

pub use load::Account;
pub use open::{Backup, Unlock, needs_passphrase};
pub(crate) use pieces::Pieces;
pub use problems::words_only;
pub use restore::{Restore, refuse_taken, restore};

use crate::chunks::{self, Sealer};
use crate::handle::{Handle, Line};
use crate::home::Home;
use crate::identity::Hint;
use crate::keystore::{Cost, Keystore, Passphrase, Secret, fresh_rng};
use crate::new_file::{NewFile, out_of_reach};
use crate::problem::Problem;
use circlet_model::bounded::{List, Text};
use circlet_model::codec;
use circlet_model::id::CircleId;
use circlet_model::key;
use circlet_model::membership::act::MAX_NAME;
use circlet_model::replica::overview::Standing;
use circlet_model::replica::transcript::Purpose;
use circlet_model::time::Timestamp;
use head::Head;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The version of what is in the file.
const VERSION: u8 = 1;
/// Marks the piece that says whose backup it is.
const PERSON: u8 = 0xB0;
/// Marks the piece with which a circle begins.
const CIRCLE: u8 = 0xB1;
/// The most cards of one circle.
const MAX_CARDS: usize = 4;
/// The longest name of a circle, and the longest card.
const MAX_TEXT: usize = 512;
/// So many bytes are taken at once where the replicas live: a few milliseconds.
pub(crate) const TURN: usize = 512 * 1024;

/// Whose backup it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Person {
    version: u8,
    made: Timestamp,
    seed: key::Secret,
    name: Text<MAX_NAME>,
}

/// What stands before a circle's transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Circle {
    id: CircleId,
    name: Text<MAX_TEXT>,
    person: Option<key::Secret>,
    cards: List<Text<MAX_TEXT>, MAX_CARDS>,
}

/// What to make.
#[derive(Debug)]
pub struct Make {
    /// Where.
    pub path: PathBuf,
    /// The passphrase of the home, which opens the backup too; `None` where it has none: then the 24
    /// words alone open it.
    pub passphrase: Option<Passphrase>,
    /// Whether a file that is there already is written over.
    pub replace: bool,
}

/// What was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The names of the circles in it.
    pub circles: Vec<String>,
    /// The names of those that are not, because they cannot be read or were not joined yet.
    pub left_out: Vec<String>,
    /// Whether a passphrase opens it, beside the words.
    pub by_passphrase: bool,
}

/// Makes a backup of a home whose driver this is.
pub(crate) async fn make(handle: &Handle, home: &Home, asked: Make) -> Result<Made, Problem> {
    let by_passphrase = Keystore::needs_passphrase(home)?;
    let passphrase = asked.passphrase.filter(|_| by_passphrase);
    if by_passphrase && passphrase.is_none() {
        return Err(crate::keystore::Error::NeedsPassphrase.into());
    }
    let (new, file) = NewFile::begin(&asked.path, home, asked.replace)?;
    let (person, alone, circles, left_out) = handle
        .look(|shown| {
            let name = Text::new(shown.identity.name()).map_err(|_| Problem::bug())?;
            let person = Person {
                version: VERSION,
                made: shown.now,
                seed: shown.identity.seed().clone(),
                name,
            };
            let (mut circles, mut left_out) = (Vec::new(), Vec::new());
            for line in &shown.circles {
                match circle_of(line, shown.identity.person(line.hint)) {
                    Some(circle) => circles.push((line.hint, circle)),
                    None => left_out.push(name_of(line)),
                }
            }
            Ok((person, alone::pieces(shown), circles, left_out))
        })
        .await?;
    let (home, seed) = (home.clone(), person.seed.0);
    // Deriving a key from a passphrase takes its time, on purpose.
    let (head, key) = blocking(move || {
        if let Some(passphrase) = &passphrase {
            Keystore::open(&home, Some(passphrase))?;
        }
        let cost = passphrase.is_some().then(Cost::tuned).transpose()?;
        let key = Secret::random(&mut fresh_rng()?);
        let passphrase = passphrase.as_ref().zip(cost);
        let head = Head::new(&key, passphrase, &seed, &mut fresh_rng()?)?;
        Ok((head, key))
    })
    .await?;
    let about = (&person, alone.as_slice());
    let file = write(handle, file, (&head.to_bytes(), key), about, &circles).await?;
    blocking(move || new.finish(file).map_err(|error| out_of_reach(error.kind()))).await?;
    let made = person.made;
    let noted = handle.keep(move |shown| Ok((shown.local.keep_last_backup(made), ())));
    // It is there, also where that cannot be noted.
    drop(noted.await);
    let circles = circles.into_iter();
    Ok(Made {
        circles: circles.map(|(_, circle)| circle.name.to_string()).collect(),
        left_out,
        by_passphrase,
    })
}

async fn write(
    handle: &Handle,
    mut file: BufWriter<File>,
    (head, key): (&[u8], Secret),
    (person, alone): (&Person, &[Zeroizing<Vec<u8>>]),
    circles: &[(Hint, Circle)],
) -> Result<BufWriter<File>, Problem> {
    let written = file.write_all(head);
    written.map_err(|error| out_of_reach(error.kind()))?;
    let mut stream = Sealer::new(file, key, head.to_vec());
    let mut put = |piece: &[u8]| stream.put(piece).map_err(unwritten);
    put(&marked(PERSON, person))?;
    for piece in alone {
        put(piece)?;
    }
    for (hint, circle) in circles {
        put(&marked(CIRCLE, circle))?;
        let mut pieces = Pieces::new(Purpose::Backup);
        while let Some(some) = pieces.next(handle, *hint).await? {
            for piece in some {
                put(&piece)?;
            }
        }
    }
    stream.end(false).map_err(unwritten)
}

/// Returns what is kept of a circle; `None` of one that was not joined or cannot be read.
fn circle_of(line: &Line<'_>, person: Option<&key::Secret>) -> Option<Circle> {
    let replica = line.replica.ok()?;
    let overview = replica.overview();
    let joined = match overview.standing {
        Standing::Member | Standing::Left | Standing::Removed | Standing::DeviceRemoved => true,
        Standing::Returning => !overview.members.is_empty(),
        Standing::Pending | Standing::Knocking | Standing::Linking { .. } | Standing::Ended(_) => {
            false
        }
    };
    let id = replica.circle().filter(|_| joined)?;
    let card = Text::new(replica.card().to_text()).ok()?;
    Some(Circle {
        id,
        name: Text::new(overview.name).ok()?,
        person: person.cloned(),
        cards: List::new(vec![card]).unwrap_or_default(),
    })
}

fn name_of(line: &Line<'_>) -> String {
    let name = line.replica.map(|replica| replica.overview().name);
    let name = name.unwrap_or_default();
    if name.is_empty() { line.id() } else { name }
}

/// Runs what takes its time where it holds nobody up.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| Err(Problem::bug()))
}

fn marked<T: Serialize>(mark: u8, value: &T) -> Zeroizing<Vec<u8>> {
    let mut piece = Zeroizing::new(vec![mark]);
    piece.append(&mut codec::encode(value));
    piece
}

pub(crate) fn unwritten(error: chunks::Error) -> Problem {
    match error {
        chunks::Error::Io(kind) => out_of_reach(kind),
        chunks::Error::Damaged => Problem::bug(),
    }
}
