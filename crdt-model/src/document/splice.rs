//! Splices: the parts of a change of a text, which characters they may name, and Automerge's operations
//! for them.

use super::change::SetId;
use super::history::Clock;
use super::rebuilt::actor;
use super::{Error, MAX_VALUE};
use crate::bounded::Text;
use crate::id::DeviceId;
use automerge::legacy::{ElementId, Key, ObjectId, Op, OpId, OpType};
use automerge::{ActorId, ExpandedChange, ObjType, ScalarValue};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::num::NonZeroU64;

/// The most splices of one change.
pub(super) const MAX_SPLICES: usize = 1024;
/// The most characters that one change puts in and takes out: bounds the time it takes to open.
pub(super) const MAX_STEPS: u64 = 16 * 1024;

/// Where the text is.
pub(super) const KEY: &str = "t";
/// The number of the step that makes it.
pub(super) const MADE: u64 = 1;
/// Who makes it: shorter than any device's id.
const NOBODY: &[u8] = b"circlet";

/// A part of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Splice {
    /// Puts characters in.
    Put {
        /// Behind this one; `None` = at the beginning.
        behind: Option<SetId>,
        characters: Text<MAX_VALUE>,
    },
    /// Takes characters out that one change put in one behind the other.
    Take { first: SetId, count: u32 },
}

/// The characters that changes which count have put in: of each run the first, one past the last, and
/// the number of its change.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs(BTreeMap<(DeviceId, u64), (u64, u64)>);

impl Splice {
    pub(super) fn steps(&self) -> u64 {
        match self {
            Self::Put { characters, .. } => characters.chars().count() as u64,
            Self::Take { count, .. } => u64::from(*count),
        }
    }
}

impl Runs {
    /// Whether every character that some splices name was put in by something they build on, or, to put
    /// others behind it, by themselves.
    pub(super) fn hold(
        &self,
        splices: &[Splice],
        (start, device): (u64, DeviceId),
        seen: &Clock,
    ) -> bool {
        let mut own: Vec<(u64, u64)> = Vec::new();
        let mut next = start;
        for splice in splices {
            let known = match splice {
                Splice::Put { behind: None, .. } => true,
                Splice::Put {
                    behind: Some(SetId(number, of)),
                    ..
                } if *of == device && *number >= start => {
                    own.iter().any(|(low, high)| (*low..*high).contains(number))
                }
                Splice::Put {
                    behind: Some(behind),
                    ..
                } => self.holds(*behind, 1, seen),
                Splice::Take { first, count } => self.holds(*first, u64::from(*count), seen),
            };
            if !known {
                return false;
            }
            if matches!(splice, Splice::Put { .. }) {
                own.push((next, next + splice.steps()));
            }
            next += splice.steps();
        }
        true
    }

    /// Adds what a change puts in.
    pub(super) fn add(&mut self, splices: &[Splice], start: u64, (device, seq): (DeviceId, u64)) {
        let mut next = start;
        for splice in splices {
            let first = next;
            next += splice.steps();
            if matches!(splice, Splice::Put { .. }) {
                self.0.insert((device, first), (next, seq));
            }
        }
    }

    fn holds(&self, SetId(first, device): SetId, count: u64, seen: &Clock) -> bool {
        let seen = seen.get(&device).copied().unwrap_or(0);
        let (mut next, end) = (first, first.saturating_add(count));
        while next < end {
            let run = self.0.range((device, 0)..=(device, next)).next_back();
            match run {
                Some((_, (past, seq))) if *past > next && *seq <= seen => next = *past,
                _ => return false,
            }
        }
        true
    }
}

/// Whether splices do something each, and name only steps before their own.
pub(super) fn fit(splices: &[Splice], start: u64) -> bool {
    let (mut next, mut steps) = (start, 0_u64);
    for splice in splices {
        let fits = match splice {
            Splice::Put { behind, characters } => {
                !characters.is_empty() && behind.is_none_or(|it| it.0 > MADE && it.0 < next)
            }
            Splice::Take { first, count } => {
                let past = first.0.saturating_add(u64::from(*count));
                *count > 0 && first.0 > MADE && past <= start
            }
        };
        steps = steps.saturating_add(splice.steps());
        if !fits || steps > MAX_STEPS {
            return false;
        }
        next = start.saturating_add(steps);
    }
    true
}

/// Returns the change of nobody's that makes the text.
pub(super) fn made() -> automerge::Change {
    automerge::Change::from(ExpandedChange {
        operations: vec![Op {
            action: OpType::Make(ObjType::Text),
            obj: ObjectId::Root,
            key: Key::Map(KEY.into()),
            pred: Vec::new().into(),
            insert: false,
        }],
        actor_id: ActorId::from(NOBODY),
        hash: None,
        seq: 1,
        start_op: NonZeroU64::MIN,
        time: 0,
        message: None,
        deps: Vec::new(),
        extra_bytes: Vec::new(),
        author: None,
    })
}

/// Returns the Automerge operations of splices.
pub(super) fn to_operations(splices: &[Splice], start: u64, device: &DeviceId) -> Vec<Op> {
    let obj = ObjectId::Id(OpId(MADE, ActorId::from(NOBODY)));
    let own = actor(device);
    let mut operations = Vec::new();
    for splice in splices {
        match splice {
            Splice::Put { behind, characters } => {
                let mut at = behind.map_or(ElementId::Head, |SetId(number, device)| {
                    ElementId::Id(OpId(number, actor(&device)))
                });
                for character in characters.chars() {
                    let number = start + operations.len() as u64;
                    let character = ScalarValue::Str(String::from(character).into());
                    operations.push(Op {
                        action: OpType::Put(character),
                        obj: obj.clone(),
                        key: Key::Seq(at),
                        pred: Vec::new().into(),
                        insert: true,
                    });
                    at = ElementId::Id(OpId(number, own.clone()));
                }
            }
            Splice::Take { first, count } => {
                let device = actor(&first.1);
                for number in first.0..first.0 + u64::from(*count) {
                    let taken = OpId(number, device.clone());
                    operations.push(Op {
                        action: OpType::Delete,
                        obj: obj.clone(),
                        key: Key::Seq(ElementId::Id(taken.clone())),
                        pred: vec![taken].into(),
                        insert: false,
                    });
                }
            }
        }
    }
    operations
}

/// Returns Automerge operations as splices of a device whose steps begin with another number.
pub(super) fn to_splices(
    (first, operations): (u64, Vec<Op>),
    device: DeviceId,
    start: u64,
) -> Result<Vec<Splice>, Error> {
    let own = actor(&device);
    let named = |OpId(number, of): &OpId| {
        if *of == own && *number >= first {
            return Some(SetId(number - first + start, device));
        }
        let of = <[u8; 32]>::try_from(of.to_bytes()).ok()?;
        Some(SetId(*number, DeviceId(of)))
    };
    let mut splices: Vec<(Splice, String)> = Vec::new();
    for (number, op) in (start..).zip(&operations) {
        let Key::Seq(at) = &op.key else {
            return Err(Error::Merge);
        };
        let at = match at {
            ElementId::Head => None,
            ElementId::Id(id) => Some(named(id).ok_or(Error::Merge)?),
        };
        match (&op.action, at, splices.last_mut()) {
            (OpType::Put(ScalarValue::Str(text)), at, last) if op.insert => match last {
                Some((Splice::Put { .. }, typed))
                    if at == Some(SetId(number.saturating_sub(1), device)) =>
                {
                    typed.push_str(text);
                }
                _ => {
                    let put = Splice::Put {
                        behind: at,
                        characters: Text::new("")?,
                    };
                    splices.push((put, text.to_string()));
                }
            },
            (OpType::Delete, Some(SetId(number, of)), last) => match last {
                Some((Splice::Take { first, count }, _))
                    if *first == SetId(number.saturating_sub(u64::from(*count)), of) =>
                {
                    *count += 1;
                }
                _ => {
                    let first = SetId(number, of);
                    splices.push((Splice::Take { first, count: 1 }, String::new()));
                }
            },
            _ => return Err(Error::Merge),
        }
    }
    let typed = |(splice, typed): (Splice, String)| {
        Ok(match splice {
            Splice::Put { behind, .. } => Splice::Put {
                behind,
                characters: Text::new(typed)?,
            },
            take @ Splice::Take { .. } => take,
        })
    };
    splices.into_iter().map(typed).collect()
}
