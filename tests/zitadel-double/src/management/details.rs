//! `details` of responses: owner and times.

use serde_json::{Map, Value, json};

use crate::event_log::{Row, of_protobuf};
use crate::world::World;

/// Details of a thing added by the last write.
pub(super) fn added(world: &World) -> Value {
    let row = world.log.last_write();
    json!({
        "sequence": row.sequence.to_string(), "creationDate": of_protobuf(row.created),
        "resourceOwner": row.owner,
    })
}

/// Details of a thing changed by the last write.
pub(super) fn changed(world: &World) -> Value {
    let row = world.log.last_write();
    json!({
        "sequence": row.sequence.to_string(), "changeDate": of_protobuf(row.changed),
        "resourceOwner": row.owner,
    })
}

pub(super) fn only(details: Value) -> Value {
    Map::from_iter([("details".to_owned(), details)]).into()
}

pub(super) fn listed(row: &Row) -> Value {
    json!({
        "sequence": row.sequence.to_string(), "creationDate": of_protobuf(row.created),
        "changeDate": of_protobuf(row.changed), "resourceOwner": row.owner,
    })
}

/// Adds a member unless empty, false or null, which protobuf JSON omits.
pub(super) fn put(object: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    let value = value.into();
    let is_default = match &value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(_) => false,
    };
    if !is_default {
        object.insert(name.to_owned(), value);
    }
}
