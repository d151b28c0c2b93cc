//! Targets of the actions API: webhooks that executions call.

use std::time::Duration;

use serde_json::{Value, json};

use super::lists::{MOST_OF_A_PAGE, matches, object, same_name};
use super::request::{Outcome, Request, at, text_of};
use crate::event_log::{Editor, INSTANCE, NewEvent, Row, of_protobuf};
use crate::random;
use crate::refusal::Refusal;
use crate::webhooks::ActionTarget;
use crate::world::World;

const KINDS: [&str; 3] = ["restWebhook", "restCall", "restAsync"];

const LONGEST: Duration = Duration::from_secs(270);

pub(super) fn add(request: &mut Request<'_>) -> Outcome {
    request.may("action.target.write")?;
    let name = request.text("name");
    let kind = kind(&request.body).unwrap_or_default();
    if !(1..=1000).contains(&name.chars().count()) || kind.is_empty() {
        return Err(Refusal::malformed("invalid CreateTargetRequest: value is required"));
    }
    let timeout = timeout(&request.body)?.ok_or_else(no_timeout)?;
    let endpoint = request.text("endpoint");
    check_endpoint(&endpoint, "COMMAND-1r2k6qo6wg")?;
    if targets(request.world).any(|(_, target)| same_name(&target.name, &name)) {
        return Err(Refusal::taken("Target already exists"));
    }
    let interrupts = interrupts(&request.body, kind).unwrap_or_default();
    let signing_key = random::signing_key();
    let target = ActionTarget { name, endpoint, timeout, kind, interrupts, signing_key };
    let (id, key) = (request.world.fresh_id(), target.signing_key.clone());
    request.world.log.webhooks.executions.targets.insert(id.clone(), target);
    write(request.world, &id, "target.added");
    let created = of_protobuf(request.world.log.last_write().created);
    Ok(json!({ "id": id, "creationDate": created, "signingKey": key }))
}

/// Changes the members that the body names. A new signing key takes effect at once.
pub(super) fn change(request: &mut Request<'_>, id: &str) -> Outcome {
    request.may("action.target.write")?;
    let timeout = timeout(&request.body)?;
    let (name, endpoint) = (request.text("name"), request.text("endpoint"));
    if !endpoint.is_empty() {
        check_endpoint(&endpoint, "COMMAND-jsbaera7b6")?;
    }
    let kind = kind(&request.body);
    let flag = kind.and_then(|kind| interrupts(&request.body, kind));
    let renews = request.text("expirationSigningKey") == "0s";
    let target = request.world.log.webhooks.executions.targets.get_mut(id);
    let target = target.ok_or_else(|| not_found("COMMAND-xj14f2cccn"))?;
    if !name.is_empty() {
        target.name = name;
    }
    if !endpoint.is_empty() {
        target.endpoint = endpoint;
    }
    target.timeout = timeout.unwrap_or(target.timeout);
    target.kind = kind.unwrap_or(target.kind);
    target.interrupts = flag.unwrap_or(target.interrupts);
    let mut key = Value::Null;
    if renews {
        target.signing_key = random::signing_key();
        key = target.signing_key.as_str().into();
    }
    write(request.world, id, "target.changed");
    let changed = of_protobuf(request.world.log.last_write().changed);
    Ok(object([("changeDate", changed.into()), ("signingKey", key)]))
}

pub(super) fn get(request: &Request<'_>, id: &str) -> Outcome {
    request.may("action.target.read")?;
    let mut all = targets(request.world);
    let found = all.find(|(known, _)| known.as_str() == id);
    let (id, target) = found.ok_or_else(|| not_found("QUERY-hj5oaniyrz"))?;
    Ok(json!({ "target": shown(request.world, id, target) }))
}

pub(super) fn search(request: &Request<'_>) -> Outcome {
    request.may("action.target.read")?;
    let filters = request.list("filters");
    let finds = |id: &str, target: &ActionTarget| {
        filters.iter().all(|filter| {
            let (by_name, by_id) =
                (at(filter, "targetNameFilter"), at(filter, "inTargetIdsFilter"));
            let ids = at(by_id, "targetIds").as_array();
            (by_name.is_null() || matches(by_name, "targetName", &target.name))
                && ids.is_none_or(|ids| ids.iter().any(|wanted| wanted == id))
        })
    };
    let all = targets(request.world).filter(|(id, target)| finds(id, target));
    let all: Vec<Value> = all.map(|(id, target)| shown(request.world, id, target)).collect();
    Ok(paged(request, "targets", all))
}

/// Returns the page that `pagination` requests from a list of the actions API, of at most 100 rows.
pub(super) fn paged(request: &Request<'_>, name: &'static str, rows: Vec<Value>) -> Value {
    let asked = |member: &str| {
        let number = at(at(&request.body, "pagination"), member);
        let number = number.as_u64().or_else(|| number.as_str()?.parse().ok());
        usize::try_from(number.unwrap_or_default()).unwrap_or(usize::MAX)
    };
    let limit = match asked("limit") {
        limit @ 1..=MOST_OF_A_PAGE => limit,
        _ => MOST_OF_A_PAGE,
    };
    let total = if rows.is_empty() { String::new() } else { rows.len().to_string() };
    let pagination =
        object([("totalResult", total.into()), ("appliedLimit", limit.to_string().into())]);
    let page: Vec<Value> = rows.into_iter().skip(asked("offset")).take(limit).collect();
    object([("pagination", pagination), (name, page.into())])
}

pub(super) fn remove(request: &mut Request<'_>, id: &str) -> Outcome {
    request.may("action.target.delete")?;
    let executions = &mut request.world.log.webhooks.executions;
    executions.targets.remove(id).ok_or_else(|| not_found("COMMAND-k4s7ucu0ax"))?;
    write(request.world, id, "target.removed");
    let removed = of_protobuf(request.world.log.last_write().changed);
    Ok(json!({ "deletionDate": removed }))
}

fn targets(world: &World) -> impl Iterator<Item = (&String, &ActionTarget)> {
    world.log.webhooks.executions.targets.iter()
}

fn shown(world: &World, id: &str, target: &ActionTarget) -> Value {
    let Row { created, changed, .. } = world.log.rows.get(id, INSTANCE);
    let options = if target.kind == "restAsync" {
        json!({})
    } else {
        object([("interruptOnError", target.interrupts.into())])
    };
    json!({
        "id": id, "creationDate": of_protobuf(created), "changeDate": of_protobuf(changed),
        "name": target.name, target.kind: options, "endpoint": target.endpoint,
        "timeout": format!("{}s", target.timeout.as_secs_f64()),
        "signingKey": target.signing_key,
    })
}

fn write(world: &mut World, id: &str, event_type: &str) {
    let event = NewEvent::new("target", id, event_type, INSTANCE);
    let payload = match world.log.webhooks.executions.targets.get(id) {
        Some(target) => json!({ "name": target.name, "endpoint": target.endpoint }),
        None => json!({}),
    };
    world.log.write(Editor::Setup, [event.with_payload(payload)]);
}

fn interrupts(body: &Value, kind: &str) -> Option<bool> {
    at(at(body, kind), "interruptOnError").as_bool()
}

fn kind(body: &Value) -> Option<&'static str> {
    KINDS.into_iter().find(|kind| at(body, kind).is_object())
}

/// Parses seconds followed by `s`; `None` if absent.
fn timeout(body: &Value) -> Result<Option<Duration>, Refusal> {
    let text = text_of(body, "timeout");
    if text.is_empty() {
        return Ok(None);
    }
    let seconds = text.strip_suffix('s').and_then(|number| number.parse::<f64>().ok());
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    match duration {
        Some(duration) if duration > Duration::ZERO && duration <= LONGEST => Ok(Some(duration)),
        _ => Err(Refusal::malformed("invalid Timeout: value must be inside range (0s, 4m30s]")),
    }
}

fn no_timeout() -> Refusal {
    Refusal::malformed("invalid CreateTargetRequest.Timeout: value is required")
}

fn check_endpoint(endpoint: &str, id: &'static str) -> Result<(), Refusal> {
    let uri = endpoint.parse::<http::Uri>();
    if uri.is_ok_and(|uri| uri.host().is_some()) {
        return Ok(());
    }
    Err(Refusal::invalid("Target has an invalid URL", id))
}

fn not_found(id: &'static str) -> Refusal {
    Refusal::not_found("Target not found", id)
}
