//! A bundle: what a circle has to tell, as one sealed file that any member can carry, on a stick or any
//! other way, to computers that cannot meet.
//!
//! ```text
//! file  = magic (14: "circlet bundle") ‖ version (1) ‖ length of the head (4, big endian) ‖ head
//!         (`circlet_model::secrecy::bundle`) ‖ stream (`chunks`), padded, whose pieces are
//!         circle ‖ its transcript (`circlet_model::replica::transcript`)
//! circle = 0xB1 ‖ (circle)
//! ```
//!
//! What stands before the stream is bound to it. A bundle is read twice: first all of it, to see that it
//! is whole and of a circle here, then piece by piece into the circle, by the checks that everything goes
//! through which comes from another computer. So one that was cut short, changed, or is of others changes
//! nothing, and one that was taken in halfway is simply taken in again.

mod problems;

use crate::backup::{Pieces, TURN, blocking, unwritten};
use crate::chunks::{Opener, Sealer};
use crate::handle::{Handle, Select};
use crate::home::Home;
use crate::identity::Hint;
use crate::keystore::{Secret, fresh_rng};
use crate::new_file::{NewFile, out_of_reach};
use crate::problem::Problem;
use circlet_model::codec;
use circlet_model::id::{CircleId, PersonId};
use circlet_model::key;
use circlet_model::replica::input::Command;
use circlet_model::replica::output::{Carried, Refusal, Reply};
use circlet_model::replica::overview::{Overview, Standing};
use circlet_model::replica::transcript::Purpose;
use circlet_model::secrecy::bundle::Head;
use problems::{damaged, foreign, newer, no_bundle, not_in_order, too_large, unreadable};
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// How the file starts.
const MAGIC: &[u8; 14] = b"circlet bundle";
/// The version that is written.
const VERSION: u8 = 1;
/// Marks the piece that says of which circle it is.
const CIRCLE: u8 = 0xB1;
/// The largest bundle that is taken in: more than any circle has, and a bound on the time it takes.
const MAX_FILE: u64 = 4 * 1024 * 1024 * 1024;
/// How often what builds on something that came after it is gone through again.
const PASSES: usize = 4;

/// What to write.
#[derive(Debug)]
pub struct Make {
    /// Where.
    pub path: PathBuf,
    /// Of which circle.
    pub circle: Select,
    /// For whom: what they are known to hold is left out.
    pub to: Option<String>,
    /// Whether a file that is there already is written over.
    pub replace: bool,
}

/// What was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The circle.
    pub hint: Hint,
    /// Its name.
    pub circle: String,
    /// Whether anything was new here.
    pub new: bool,
}

/// What stands before the stream.
struct Start {
    head: Head,
    bytes: Vec<u8>,
}

/// Writes a bundle of a circle; returns the circle's name.
pub(crate) async fn make(handle: &Handle, home: &Home, asked: Make) -> Result<String, Problem> {
    let mut rng = fresh_rng()?;
    let key = Secret::random(&mut rng);
    let file_key = key::Secret(*key.as_bytes());
    let Make {
        path,
        circle: select,
        to,
        replace,
    } = asked;
    let (hint, circle, name, to, head) = handle
        .look(move |shown| {
            let line = shown.pick(&select)?;
            let replica = shown.replica(&Select::Hint(line.hint))?;
            let overview = replica.overview();
            let circle = overview.circle.ok_or(Refusal::Pending)?;
            if replica.is_veiled()? || overview.standing == Standing::Returning {
                return Err(Refusal::Pending.into());
            }
            let to = to.map(|name| member(&overview, &name)).transpose()?;
            let head = replica.bundle_head(&file_key, shown.now, &mut rng);
            let head = head.ok_or(Refusal::NotAMember)?;
            Ok((line.hint, circle, overview.name, to, head))
        })
        .await?;
    let (new, mut file) = NewFile::begin(&path, home, replace)?;
    let start = start(&head);
    let written = file.write_all(&start);
    written.map_err(|error| out_of_reach(error.kind()))?;
    let mut stream = Sealer::new(file, key, start);
    let first = [&[CIRCLE], codec::encode(&circle).as_slice()].concat();
    stream.put(&first).map_err(unwritten)?;
    let mut pieces = Pieces::new(Purpose::Bundle { to });
    while let Some(some) = pieces.next(handle, hint).await? {
        for piece in some {
            stream.put(&piece).map_err(unwritten)?;
        }
    }
    let file = stream.end(true).map_err(unwritten)?;
    blocking(move || new.finish(file).map_err(|error| out_of_reach(error.kind()))).await?;
    Ok(name)
}

/// Takes a bundle in.
pub(crate) async fn take(handle: &Handle, path: PathBuf) -> Result<Taken, Problem> {
    let from = path.clone();
    let Start { head, bytes } =
        blocking(move || Start::read(&from).map(|(_, start)| start)).await?;
    let (hint, circle, name, key) = handle
        .look(move |shown| {
            for line in &shown.circles {
                let Ok(replica) = line.replica else { continue };
                if let (Some(key), Some(circle)) = (replica.open_bundle(&head), replica.circle()) {
                    return Ok((line.hint, circle, replica.overview().name, key));
                }
            }
            Err(foreign())
        })
        .await?;
    let key = Secret::from(key.0);
    let (from, checked) = (path.clone(), key.clone());
    blocking(move || check(&from, &checked, circle)).await?;
    let mut new = false;
    for _ in 0..PASSES {
        let carried = take_once(handle, (&path, &key, bytes.len()), hint).await?;
        new |= carried.new > 0;
        if !carried.again || carried.new == 0 {
            break;
        }
    }
    Ok(Taken {
        hint,
        circle: name,
        new,
    })
}

async fn take_once(
    handle: &Handle,
    (path, key, length): (&Path, &Secret, usize),
    hint: Hint,
) -> Result<Carried, Problem> {
    let (file, start) = Start::read(path)?;
    if start.bytes.len() != length {
        return Err(damaged());
    }
    let mut stream = Opener::new(file, key.clone(), start.bytes);
    stream.next().map_err(unreadable)?;
    let mut all = Carried::default();
    loop {
        let (mut pieces, mut bytes, mut more) = (Vec::new(), 0, true);
        while bytes < TURN && more {
            match stream.next().map_err(unreadable)? {
                Some(piece) => {
                    bytes += piece.len();
                    pieces.push(piece);
                }
                None => more = false,
            }
        }
        let command = Command::Carry { pieces };
        let reply = handle.command(Select::Hint(hint), command).await?;
        let Reply::Carried(carried) = reply else {
            return Err(Problem::bug());
        };
        all.new += carried.new;
        all.again |= carried.again;
        if carried.bad {
            return Err(not_in_order());
        }
        if !more {
            return Ok(all);
        }
    }
}

/// Reads the whole file once.
fn check(path: &Path, key: &Secret, circle: CircleId) -> Result<(), Problem> {
    let (file, start) = Start::read(path)?;
    let mut stream = Opener::new(file, key.clone(), start.bytes);
    let first = stream.next().map_err(unreadable)?.unwrap_or_default();
    let of = match first.split_first() {
        Some((&CIRCLE, bytes)) => codec::decode::<CircleId>(bytes).ok(),
        _ => None,
    };
    if of != Some(circle) {
        return Err(not_in_order());
    }
    stream.check().map_err(unreadable)
}

impl Start {
    /// Opens a file and reads what stands before the stream.
    fn read(path: &Path) -> Result<(BufReader<File>, Self), Problem> {
        let io = |error: std::io::Error| unreadable(error.into());
        let file = File::open(path).map_err(|error| out_of_reach(error.kind()))?;
        let about = file.metadata().map_err(io)?;
        if about.is_dir() {
            return Err(no_bundle());
        }
        if about.len() > MAX_FILE {
            return Err(too_large());
        }
        let mut file = BufReader::new(file);
        let mut fixed = [0; MAGIC.len() + 1 + 4];
        let read = file.read_exact(&mut fixed);
        let (magic, rest) = fixed.split_at(MAGIC.len());
        if read.is_err() || magic != MAGIC {
            return Err(no_bundle());
        }
        let (&version, length) = rest.split_first().ok_or_else(no_bundle)?;
        if version > VERSION {
            return Err(newer());
        }
        let length = length.try_into().map(u32::from_be_bytes);
        let length = length.ok().and_then(|it| usize::try_from(it).ok());
        let length = length.filter(|it| *it <= codec::MAX_FRAME);
        let mut head = vec![0; length.ok_or_else(damaged)?];
        file.read_exact(&mut head).map_err(io)?;
        let bytes = [fixed.as_slice(), head.as_slice()].concat();
        let head = Head::from_bytes(&head).map_err(|_| damaged())?;
        Ok((file, Self { head, bytes }))
    }
}

fn start(head: &Head) -> Vec<u8> {
    let head = head.to_bytes();
    let mut bytes = MAGIC.to_vec();
    bytes.push(VERSION);
    let length = u32::try_from(head.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(&head);
    bytes
}

/// Returns the member that a name means.
fn member(overview: &Overview, name: &str) -> Result<PersonId, Problem> {
    let wanted = name.trim().to_lowercase();
    let others = overview.members.iter().filter(|member| !member.me);
    let mut meant = others.filter(|member| member.name.to_lowercase() == wanted);
    match (meant.next(), meant.next()) {
        (Some(member), None) => Ok(member.person),
        (Some(_), Some(_)) => Err(Problem::new(
            "two-of-the-name",
            "Two members go by this name. Nothing was written.",
            "Leave `--for` out: then the file is for everybody.",
        )),
        (None, _) => Err(Problem::not_found("member")),
    }
}
