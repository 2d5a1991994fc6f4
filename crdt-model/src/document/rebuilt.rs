//! Changes as Automerge's own: what a well-formed change stands for.

use super::Value;
use super::change::{Change, Does, Set, SetId};
use super::splice::to_operations;
use crate::bounded::{Bytes, Text};
use crate::id::DeviceId;
use automerge::legacy::{Key, ObjectId, Op, OpId, OpType};
use automerge::{ActorId, ChangeHash, ExpandedChange, ObjId, ScalarValue};
use std::num::NonZeroU64;

/// Returns the Automerge change that a well-formed change stands for.
pub(super) fn to_automerge(change: &Change, deps: Vec<ChangeHash>) -> automerge::Change {
    let Change { device, parts } = change;
    let operations = match &parts.does {
        Does::Sets(sets) => sets.iter().map(to_operation).collect(),
        Does::Splices(splices) => to_operations(splices, parts.start, device),
    };
    automerge::Change::from(ExpandedChange {
        operations,
        actor_id: actor(device),
        hash: None,
        seq: parts.seq,
        start_op: NonZeroU64::new(parts.start).unwrap_or(NonZeroU64::MIN),
        time: i64::try_from(parts.time.0).unwrap_or(i64::MAX),
        message: None,
        deps,
        extra_bytes: Vec::new(),
        author: None,
    })
}

fn to_operation(set: &Set) -> Op {
    let value = set.value.as_ref();
    let over = set.over.iter();
    Op {
        action: value.map_or(OpType::Delete, |value| OpType::Put(to_scalar(value))),
        obj: ObjectId::Root,
        key: Key::Map((*set.key).into()),
        pred: over
            .map(|SetId(number, device)| OpId(*number, actor(device)))
            .collect(),
        insert: false,
    }
}

pub(super) fn actor(device: &DeviceId) -> ActorId {
    ActorId::from(device.0)
}

pub(super) fn set_id(id: &ObjId) -> Option<SetId> {
    match id {
        ObjId::Root => None,
        ObjId::Id(number, actor, _) => {
            let device = <[u8; 32]>::try_from(actor.to_bytes()).ok()?;
            Some(SetId(*number, DeviceId(device)))
        }
    }
}

fn to_scalar(value: &Value) -> ScalarValue {
    match value {
        Value::Bool(yes) => ScalarValue::Boolean(*yes),
        Value::Uint(number) => ScalarValue::Uint(*number),
        Value::Int(number) => ScalarValue::Int(*number),
        Value::Text(text) => ScalarValue::Str((**text).into()),
        Value::Bytes(bytes) => ScalarValue::Bytes(bytes.to_vec()),
    }
}

pub(super) fn from_scalar(value: &ScalarValue) -> Option<Value> {
    Some(match value {
        ScalarValue::Boolean(yes) => Value::Bool(*yes),
        ScalarValue::Uint(number) => Value::Uint(*number),
        ScalarValue::Int(number) => Value::Int(*number),
        ScalarValue::Str(text) => Value::Text(Text::new(text.as_str()).ok()?),
        ScalarValue::Bytes(bytes) => Value::Bytes(Bytes::new(bytes.clone()).ok()?),
        ScalarValue::F64(_)
        | ScalarValue::Counter(_)
        | ScalarValue::Timestamp(_)
        | ScalarValue::Unknown { .. }
        | ScalarValue::Null => return None,
    })
}
