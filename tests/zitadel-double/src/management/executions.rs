//! Executions of the actions API: events and the targets that they call.

use serde_json::{Value, json};

use super::lists::object;
use super::request::{Outcome, Request, at, text_of};
use super::targets::paged;
use crate::event_log::{Editor, INSTANCE, NewEvent, of_protobuf};
use crate::refusal::Refusal;
use crate::webhooks::Condition;

/// Replaces the targets of a condition; an empty list removes it.
pub(super) fn set(request: &mut Request<'_>) -> Outcome {
    request.may("action.execution.write")?;
    let condition = condition(request)?;
    let targets = request.texts("targets");
    if request.list("targets").len() != targets.len() {
        return Err(Refusal::malformed("proto: invalid value for string type"));
    }
    let executions = &mut request.world.log.webhooks.executions;
    if targets.iter().any(|id| !executions.targets.contains_key(id)) {
        return Err(Refusal::not_found("Target not found", "COMMAND-17e8fq1ggk"));
    }
    let id = id(&condition);
    let event = if targets.is_empty() {
        executions.by_condition.remove(&condition);
        NewEvent::new("execution", &id, "execution.removed", INSTANCE)
    } else {
        let payload: Vec<Value> =
            targets.iter().map(|id| json!({ "type": 1, "target": id })).collect();
        executions.by_condition.insert(condition, targets);
        let event = NewEvent::new("execution", &id, "execution.v2.set", INSTANCE);
        event.with_payload(json!({ "targets": payload }))
    };
    request.world.log.write(Editor::Setup, [event]);
    let set = of_protobuf(request.world.log.last_write().changed);
    Ok(json!({ "setDate": set }))
}

pub(super) fn search(request: &Request<'_>) -> Outcome {
    request.may("action.execution.read")?;
    let log = &request.world.log;
    let all = log.webhooks.executions.by_condition.iter().map(|(condition, targets)| {
        let row = log.rows.get(&id(condition), INSTANCE);
        let event = match condition {
            Condition::Event(event) => json!({ "event": event }),
            Condition::Group(group) => json!({ "group": group }),
            Condition::All => json!({ "all": true }),
        };
        object([
            ("condition", json!({ "event": event })),
            ("creationDate", of_protobuf(row.created).into()),
            ("changeDate", of_protobuf(row.changed).into()),
            ("targets", targets.clone().into()),
        ])
    });
    Ok(paged(request, "executions", all.collect()))
}

/// Parses the body's condition, whose events this version must know.
fn condition(request: &Request<'_>) -> Result<Condition, Refusal> {
    let event = at(at(&request.body, "condition"), "event");
    let known = &request.world.log.known_types;
    let unknown = |id| Refusal::not_found("Execution condition is invalid", id);
    match (text_of(event, "event"), text_of(event, "group"), *at(event, "all") == true) {
        ("", "", true) => Ok(Condition::All),
        ("", group, false) if !group.is_empty() => {
            let group = group.strip_suffix(".*").unwrap_or(group);
            if !known.iter().any(|name| name.starts_with(group)) {
                return Err(unknown("COMMAND-er5oneb5lz"));
            }
            Ok(Condition::Group(group.to_owned()))
        }
        (name, "", false) if !name.is_empty() => {
            if !known.iter().any(|known| known == name) {
                return Err(unknown("COMMAND-74aaqj8fv9"));
            }
            Ok(Condition::Event(name.to_owned()))
        }
        ("", "", false) => Err(Refusal::invalid("Execution is invalid", "COMMAND-w5smb6v7qu")),
        _ => Err(Refusal::invalid("Execution is invalid", "COMMAND-hdm4zl1hmd")),
    }
}

fn id(condition: &Condition) -> String {
    match condition {
        Condition::Event(event) => format!("event/{event}"),
        Condition::Group(group) => format!("event/{group}.*"),
        Condition::All => "event".to_owned(),
    }
}
