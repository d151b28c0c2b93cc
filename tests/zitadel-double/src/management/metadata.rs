//! Metadata of users: keys with values in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::details::{added, changed, listed, only};
use super::lists::matches;
use super::request::{Outcome, Request};
use crate::event_log::row_of_member;
use crate::ids::UserId;
use crate::refusal::Refusal;

const QUERIES: [&str; 1] = ["keyQuery"];

pub(super) fn set(request: &mut Request<'_>, user: &str, key: &str) -> Outcome {
    request.may("user.write")?;
    let sent = request.text("value");
    let malformed = || Refusal::malformed("proto: invalid value for bytes type");
    let bytes = STANDARD.decode(&sent).map_err(|_| malformed())?;
    let value = String::from_utf8(bytes).map_err(|_| malformed())?;
    if value.is_empty() {
        return Err(Refusal::invalid("Metadata is invalid", "META-2m00f"));
    }
    let missing = || Refusal::precondition("User could not be found", "COMMAND-uXHNj");
    let (id, user) = request.user_mut(user).ok_or_else(missing)?;
    user.metadata.insert(key.to_owned(), value);
    request.world.log_user(&id, "user.metadata.set", json!({ "key": key, "value": sent }));
    Ok(only(added(request.world)))
}

pub(super) fn get(request: &Request<'_>, user: &str, key: &str) -> Outcome {
    request.may("user.read")?;
    let missing = || Refusal::not_found("Metadata not found", "QUERY-Rfh63");
    let (id, user) = request.user(user).ok_or_else(missing)?;
    let value = user.metadata.get(key).ok_or_else(missing)?;
    Ok(json!({ "metadata": shown(request, &id, key, value) }))
}

pub(super) fn search(request: &Request<'_>, user: &str) -> Outcome {
    request.may("user.read")?;
    let Some((id, user)) = request.user(user) else {
        return Ok(request.page(Vec::new()));
    };
    let finds = |name: &str, query: &Value, (key, _): &(&String, &String)| match name {
        "keyQuery" => matches(query, "key", key),
        _ => false,
    };
    let all = user.metadata.iter().collect();
    request.page_of(&QUERIES, all, finds, |(key, value)| shown(request, &id, key, value))
}

fn shown(request: &Request<'_>, user: &UserId, key: &str, value: &str) -> Value {
    let row = request.world.log.rows.get(&row_of_member(user, key), request.org());
    json!({ "key": key, "value": STANDARD.encode(value), "details": listed(&row) })
}

pub(super) fn remove(request: &mut Request<'_>, user: &str, key: &str) -> Outcome {
    request.may("user.write")?;
    let missing = || Refusal::precondition("User could not be found", "COMMAND-uXHNj");
    let (id, user) = request.user_mut(user).ok_or_else(missing)?;
    let none = || Refusal::not_found("Metadata not found", "META-ncnw3");
    user.metadata.remove(key).ok_or_else(none)?;
    request.world.log_user(&id, "user.metadata.removed", json!({ "key": key }));
    Ok(only(changed(request.world)))
}
