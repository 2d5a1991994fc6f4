//! Words to take along: stories and responses as files that need no Circlet, in a folder of their own.
//!
//! ```text
//! DIR/README.md                              what this is, and that it is not encrypted
//! DIR/CIRCLE/circle.json                     a circle: id, name
//! DIR/CIRCLE/agreement.md, .json, .automerge its agreement, where the whole circle is taken along
//! DIR/CIRCLE/DATE-ID.md, .json, .automerge   a story or response: to read, for programs, as its document
//! ```
//!
//! The folder is made beside its place and put there when it is whole. A circle's folder has its name, in
//! letters and digits of any script; other names are made of ids and dates only.

use crate::api::agreement;
use crate::backup::blocking;
use crate::handle::{Handle, Select};
use crate::home::{Home, create_private_dir, sync_dir};
use crate::identity::Hint;
use crate::new_file::{is_inside, out_of_reach};
use crate::problem::Problem;
use circlet_model::id::ThingId;
use circlet_model::replica::transcript::keepsake::Keepsake;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

/// How many things are taken at once where the replicas live.
const SOME: usize = 32;

/// The most characters of a circle's name that its folder has.
const MOST_NAME: usize = 40;
/// A shorter name might be one that Windows keeps for itself, such as `con`.
const LEAST_NAME: usize = 5;

/// What to take along.
#[derive(Debug)]
pub struct Make {
    /// The folder: a new one, or an empty one.
    pub folder: PathBuf,
    /// Which circle; none named = all.
    pub circle: Select,
    /// Whether only this person's own words are wanted.
    pub mine: bool,
}

/// A circle and what is taken along of it.
struct Part {
    hint: Hint,
    id: String,
    name: String,
    things: Vec<ThingId>,
}

/// Writes the folder; returns the names of the circles.
pub(crate) async fn make(
    handle: &Handle,
    home: &Home,
    asked: Make,
) -> Result<Vec<String>, Problem> {
    let Make {
        folder,
        circle,
        mine,
    } = asked;
    let stage = begin(&folder, home)?;
    let made = fill(handle, &stage, circle, mine).await;
    let placed = match made {
        Ok(names) => {
            let (from, to) = (stage.clone(), folder);
            let placed = blocking(move || put_in_place(&from, &to).map_err(|it| refused(&it)));
            placed.await.map(|()| names)
        }
        Err(problem) => Err(problem),
    };
    if placed.is_err() {
        // What cannot be removed is removed by the next try.
        let _ = fs::remove_dir_all(&stage);
    }
    placed
}

async fn fill(
    handle: &Handle,
    stage: &Path,
    circle: Select,
    mine: bool,
) -> Result<Vec<String>, Problem> {
    let parts = handle
        .look(move |shown| {
            let lines = if mine {
                shown.among(&circle)?
            } else {
                vec![shown.pick(&circle)?]
            };
            let mut parts = Vec::new();
            for line in lines {
                let replica = line.replica.map_err(Clone::clone)?;
                if crate::api::backups::is_veiled(replica) {
                    return Err(crate::api::backups::veiled(true));
                }
                parts.push(Part {
                    hint: line.hint,
                    id: line.id(),
                    name: replica.overview().name,
                    things: replica.to_keep(!mine)?,
                });
            }
            Ok(parts)
        })
        .await?;
    put(&stage.join("README.md"), readme(mine).as_bytes())?;
    let mut names = BTreeSet::new();
    for part in &parts {
        let folder = stage.join(folder_name(&part.name, &mut names));
        create_private_dir(&folder).map_err(|error| refused(&error))?;
        let about = json!({ "id": part.id, "name": part.name });
        put(&folder.join("circle.json"), &pretty(&about))?;
        if !mine {
            write_agreement(handle, part, &folder).await?;
        }
        for some in part.things.chunks(SOME) {
            let (hint, some) = (part.hint, some.to_vec());
            let taken = handle.look(move |shown| {
                let replica = shown.replica(&Select::Hint(hint))?;
                let taken = some.iter().map(|id| replica.keepsake(*id, shown.now));
                Ok(taken.collect::<Result<Vec<_>, _>>()?)
            });
            for keepsake in taken.await?.into_iter().flatten() {
                write(&folder, &keepsake)?;
            }
        }
    }
    Ok(parts.into_iter().map(|part| part.name).collect())
}

/// Returns a name for a circle's folder that any disk takes, and that no other has.
fn folder_name(circle: &str, taken: &mut BTreeSet<String>) -> String {
    let words = circle.split(|it: char| !it.is_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let name: String = words.join("-").chars().take(MOST_NAME).collect();
    let mut name = name.trim_end_matches('-').to_lowercase();
    if name.chars().count() < LEAST_NAME {
        name.insert_str(0, if name.is_empty() { "circle" } else { "circle-" });
    }
    let start = name.clone();
    for number in 2.. {
        if taken.insert(name.clone()) {
            break;
        }
        name = format!("{start}-{number}");
    }
    name
}

/// Writes the circle's agreement, where there is one, in the same three forms.
async fn write_agreement(handle: &Handle, part: &Part, folder: &Path) -> Result<(), Problem> {
    let circle = Select::Hint(part.hint);
    let looked = handle.look(move |shown| {
        let told = agreement::of(shown, &circle)?;
        Ok((told, shown.replica(&circle)?.agreement_file()?))
    });
    let (mut told, document) = looked.await?;
    let field = |name| told.get(name).and_then(Value::as_str);
    let (Some(text), Some(document)) = (field("text"), document) else {
        return Ok(());
    };
    let [by, changed, sentence] =
        ["by", "changed", "sentence"].map(|it| field(it).unwrap_or_default());
    let page = format!(
        "The agreement of {}, last changed by {by}, {changed}\n\n{}\n\n{sentence}\n",
        part.name,
        // Each line stays one.
        text.replace('\n', "  \n")
    );
    if let Some(fields) = told.as_object_mut() {
        // It is nothing that the circle wrote.
        fields.remove("proposal");
    }
    let file = |end: &str| folder.join(format!("agreement.{end}"));
    put(&file("md"), page.as_bytes())?;
    put(&file("json"), &pretty(&told))?;
    put(&file("automerge"), &document)
}

/// Writes a story or response in its three forms.
fn write(folder: &Path, it: &Keepsake) -> Result<(), Problem> {
    let day = date(it);
    let file = |end: &str| folder.join(format!("{day}-{}.{end}", it.thing.to_hex()));
    put(&file("md"), markdown(it, &day).as_bytes())?;
    let about = json!({
        "id": it.thing.to_hex(),
        "kind": if it.under.is_some() { "response" } else { "story" },
        "to": it.under.map(|story| story.to_hex()),
        "author": it.author,
        "mine": it.mine,
        "written": day,
        "ask": it.ask.map(circlet_model::content::story::Ask::name),
        "note": it.note,
        "text": it.text,
    });
    put(&file("json"), &pretty(&about))?;
    put(&file("automerge"), &it.document)
}

fn markdown(it: &Keepsake, day: &str) -> String {
    let what = match it.under {
        Some(story) => format!("A response to {}", story.to_hex()),
        None => "A story".to_owned(),
    };
    let note = it.note.as_ref().map(|note| format!("*{note}*\n\n"));
    format!(
        "{what}, by {}, {day}\n\n{}{}\n",
        it.author,
        note.unwrap_or_default(),
        it.text
    )
}

fn readme(mine: bool) -> String {
    let what = if mine {
        "These are your own stories and responses, and nobody else's."
    } else {
        "These are the stories and responses of your circle that you can read, and its agreement. What was \
         taken back or is to fade is not among those of others. They were shared in confidence: please \
         treat them so."
    };
    format!(
        "{what}\n\nThe files are not encrypted, and taking something back does not reach them. Each story \
         or response is there three times: to read (`.md`), for programs (`.json`), and as the document \
         that Circlet keeps (`.automerge`), which any Automerge opens.\n"
    )
}

fn date(it: &Keepsake) -> String {
    let moment = i64::try_from(it.written.0).ok();
    let moment = moment.and_then(|at| jiff::Timestamp::from_millisecond(at).ok());
    moment.map_or_else(
        || "undated".to_owned(),
        |at| at.strftime("%Y-%m-%d").to_string(),
    )
}

fn pretty(value: &Value) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Makes the folder beside its place.
fn begin(folder: &Path, home: &Home) -> Result<PathBuf, Problem> {
    if is_inside(folder, home) {
        return Err(Problem::new(
            "inside-home",
            "That is inside Circlet's own folder. Nothing was written.",
            "Choose another place.",
        ));
    }
    let empty = match fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == ErrorKind::NotFound => true,
        Err(error) if error.kind() == ErrorKind::NotADirectory => false,
        Err(error) => return Err(refused(&error)),
    };
    if !empty {
        return Err(Problem::new(
            "not-empty",
            format!(
                "{} is there already and not empty. Nothing was written.",
                folder.display()
            ),
            "Name a new folder, or an empty one.",
        ));
    }
    let mut stage = folder.as_os_str().to_owned();
    stage.push(".new");
    let stage = PathBuf::from(stage);
    match fs::remove_dir_all(&stage) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(refused(&error)),
        _ => {}
    }
    create_private_dir(&stage).map_err(|error| refused(&error))?;
    Ok(stage)
}

fn put(path: &Path, bytes: &[u8]) -> Result<(), Problem> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path);
    let written = file.and_then(|mut file| file.write_all(bytes));
    written.map_err(|error| refused(&error))
}

fn put_in_place(stage: &Path, folder: &Path) -> io::Result<()> {
    match fs::remove_dir(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    fs::rename(stage, folder)?;
    match folder.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => sync_dir(parent),
        _ => Ok(()),
    }
}

fn refused(error: &io::Error) -> Problem {
    out_of_reach(error.kind())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_circle_has_a_folder_of_its_name_that_any_disk_takes() {
        let mut taken = BTreeSet::new();
        let mut name = |circle: &str| folder_name(circle, &mut taken);
        assert_eq!(name("Evening circle"), "evening-circle");
        assert_eq!(name("Evening  Circle!"), "evening-circle-2");
        assert_eq!(name("../../etc/passwd"), "etc-passwd");
        assert_eq!(name("CON"), "circle-con");
        assert_eq!(name("…"), "circle");
        assert_eq!(name("Вечерний круг"), "вечерний-круг");
        assert_eq!(name(&"long ".repeat(20)), ["long"; 8].join("-"));
    }
}
