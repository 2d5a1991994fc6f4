//! A draft: words that are not sent yet, as a form of the page last said them.
//!
//! Each window that writes says which state of a draft it goes on with. Where somebody wrote there meanwhile,
//! from another window, its words become a draft of their own: nothing is ever written over that the writer
//! has not seen.

use super::{Local, forget, open, put};
use crate::api::stories::Ask;
use crate::identity::Hint;
use crate::problem::Problem;
use circlet_model::bounded::Text;
use circlet_model::id::ThingId;
use circlet_model::store::{Batch, Error, Key, Scan, Space};
use circlet_model::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

/// The most drafts of a home: all of them are read whenever a form is shown.
pub const MAX_DRAFTS: usize = 32;

/// The longest words: longer than what can be shared, so that they are not lost before they are shortened.
pub const MAX_WORDS: usize = 192 * 1024;

/// The longest content note, likewise.
const MAX_NOTE: usize = 1024;

/// The owner of the rows.
const OWNER: &[u8] = b"drafts";

/// A draft.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// Its name, and the thing whose key it is kept under.
    pub id: ThingId,
    /// In which circle it was begun.
    pub circle: Hint,
    /// What it is to become.
    pub becomes: Becomes,
    /// When it was last saved: later with each time.
    pub saved: Timestamp,
    /// What it says.
    pub words: Words,
}

/// What a draft is to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Becomes {
    /// A story.
    Story,
    /// A response to this story.
    Response(ThingId),
    /// What stands in the place of this story or response.
    Edit(ThingId),
}

/// What a draft says, as it was typed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// The words.
    pub text: Text<MAX_WORDS>,
    /// The content note.
    pub note: Option<Text<MAX_NOTE>>,
    /// What would help.
    pub ask: Option<Ask>,
    /// After how many days it is to fade; 0 = never.
    pub fade: Option<u16>,
}

/// A state of a draft: what a form was filled with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Which draft.
    pub id: ThingId,
    /// When that state was saved.
    pub saved: Timestamp,
}

/// What somebody writes.
#[derive(Clone)]
pub struct Writing {
    /// What it is to become.
    pub becomes: Becomes,
    /// The state that they go on with; nothing = they began with an empty form.
    pub seen: Option<Seen>,
    /// What it says now.
    pub words: Words,
}

impl Words {
    /// Returns words as they were typed, if they are not too long to be kept.
    pub fn new(text: &str, note: Option<&str>) -> Result<Self, Problem> {
        let text = text.replace("\r\n", "\n");
        let note = note.map(Text::new).transpose().map_err(|_| too_long())?;
        Ok(Self {
            text: Text::new(text).map_err(|_| too_long())?,
            note,
            ask: None,
            fade: None,
        })
    }

    fn are_none(&self) -> bool {
        let note = self.note.as_ref();
        self.text.trim().is_empty() && note.is_none_or(|note| note.trim().is_empty())
    }
}

impl Draft {
    /// Returns the state it is in.
    pub fn seen(&self) -> Seen {
        Seen {
            id: self.id,
            saved: self.saved,
        }
    }
}

impl Local<'_> {
    /// Returns every draft, the newest first.
    pub fn drafts(self) -> Result<Vec<Draft>, Error> {
        let drafts = self.readable_drafts()?.into_iter();
        let mut drafts: Vec<Draft> = drafts.flatten().collect();
        drafts.sort_by_key(|draft: &Draft| Reverse((draft.saved, draft.id)));
        Ok(drafts)
    }

    /// Returns every draft in no order; `None` in the place of one that is damaged.
    pub(super) fn readable_drafts(self) -> Result<Vec<Option<Draft>>, Error> {
        let mut drafts = Vec::new();
        for (_, value) in self.0.scan(&Scan::all(Space::Local, OWNER))? {
            match open(&value) {
                Ok(Some(draft)) => drafts.push(Some(draft)),
                Ok(None) => {}
                Err(Error::Damaged(_)) => {
                    tracing::debug!("a draft is damaged");
                    drafts.push(None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(drafts)
    }

    /// Returns the changes that keep a draft as it is.
    pub(super) fn put_draft(self, draft: &Draft) -> Batch {
        put(self.draft_key(draft.id), draft.id, draft)
    }

    /// Returns the drafts of one place, the newest first.
    pub fn drafts_of(self, circle: Hint, becomes: Becomes) -> Result<Vec<Draft>, Error> {
        let mut drafts = self.drafts()?;
        drafts.retain(|draft| draft.circle == circle && draft.becomes == becomes);
        Ok(drafts)
    }

    /// Returns the changes that save what somebody writes, and the state it is in then; nothing where the
    /// form was emptied, with which its draft is forgotten.
    pub fn save_draft(
        self,
        circle: Hint,
        writing: Writing,
        fresh: ThingId,
        now: Timestamp,
    ) -> Result<(Batch, Option<Seen>), Problem> {
        let all = self.drafts()?;
        let here = |draft: &&Draft| draft.circle == circle && draft.becomes == writing.becomes;
        let mine = all
            .iter()
            .filter(here)
            .find(|draft| Some(draft.seen()) == writing.seen);
        if writing.words.are_none() {
            let batch = mine.map(|draft| self.drop_draft(draft));
            return Ok((batch.unwrap_or_default(), None));
        }
        let same = all.iter().filter(here).find(|it| it.words == writing.words);
        if let Some(same) = same {
            return Ok((Batch::new(), Some(same.seen())));
        }
        if mine.is_none() && all.len() >= MAX_DRAFTS {
            return Err(too_many());
        }
        let newest = all.iter().find(here).map_or(0, |draft| draft.saved.0 + 1);
        let draft = Draft {
            id: mine.map_or(fresh, |draft| draft.id),
            circle,
            becomes: writing.becomes,
            saved: now.max(Timestamp(newest)),
            words: writing.words,
        };
        Ok((self.put_draft(&draft), Some(draft.seen())))
    }

    /// Returns the changes that forget what was sent: the state that the form said, and whatever says the
    /// same in the same place.
    pub fn drop_sent(self, circle: Hint, sent: &Writing) -> Result<Batch, Error> {
        let drafts = self.drafts_of(circle, sent.becomes)?;
        let gone = drafts
            .iter()
            .filter(|draft| Some(draft.seen()) == sent.seen || draft.words.text == sent.words.text);
        Ok(gone.flat_map(|draft| self.drop_draft(draft)).collect())
    }

    /// Returns the changes that forget a draft.
    pub fn drop_draft(self, draft: &Draft) -> Batch {
        forget(self.draft_key(draft.id), draft.id)
    }

    fn draft_key(self, id: ThingId) -> Key {
        Key::new(Space::Local, OWNER, self.0.tag(id.as_bytes()))
    }
}

/// As forms carry it.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.id.to_hex(), self.saved.0)
    }
}

impl FromStr for Seen {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (id, saved) = text.split_once('-').ok_or(())?;
        Ok(Self {
            id: ThingId::from_hex(id).ok_or(())?,
            saved: Timestamp(saved.parse().map_err(|_| ())?),
        })
    }
}

/// Shows nothing of it: it is for one person only.
impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Words(..)")
    }
}

/// Shows nothing of it: it is for one person only.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Draft(..)")
    }
}

/// Shows nothing of it: it is for one person only.
impl fmt::Debug for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writing(..)")
    }
}

fn too_many() -> Problem {
    Problem::new(
        "too-many-drafts",
        format!(
            "There are {MAX_DRAFTS} drafts here already, so these words are not kept as one more."
        ),
        "Send one or drop one first: `circlet drafts` shows them.",
    )
}

fn too_long() -> Problem {
    Problem::new(
        "draft-too-long",
        format!("The text is longer than {MAX_WORDS} bytes, so it is not kept as a draft."),
        "Shorten it, or keep it in a file of your own.",
    )
}
