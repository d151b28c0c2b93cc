//! The event log's two endpoints, without sockets.

use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::event::{Event, named};
use super::search::Search;
use crate::management::Caller;
use crate::oidc::{Call, Reply, check_method_and_query};
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::violation::{Violation, ViolationLog};
use crate::world::World;

pub(crate) const SEARCH_PATH: &str = "/admin/v1/events/_search";

pub(crate) const TYPES_PATH: &str = "/admin/v1/events/types/_search";

pub(crate) fn search(call: &Call<'_>, shared: &Shared) -> Reply {
    let found = || -> Result<Reply, Refusal> {
        check_call(call, &shared.violations)?;
        let search = Search::parse(call.body, &shared.violations)?;
        let world = shared.world();
        authorize(call.headers, &world, &shared.violations)?;
        search.check(&shared.violations)?;
        let page = world.log.page(&search);
        Ok(list("events", page.into_iter().map(Event::to_json)))
    };
    found().unwrap_or_else(Reply::from)
}

/// Answers a search for event types.
pub(crate) fn types(call: &Call<'_>, shared: &Shared) -> Reply {
    let found = || -> Result<Reply, Refusal> {
        check_call(call, &shared.violations)?;
        let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
        if body != json!({}) {
            shared.violations.add(Violation::SearchMalformed);
            return Err(Refusal::malformed("proto: no empty object"));
        }
        let world = shared.world();
        authorize(call.headers, &world, &shared.violations)?;
        let known = world.log.known_types.iter().map(|name| named("EventTypes", name));
        Ok(list("eventTypes", known))
    };
    found().unwrap_or_else(Reply::from)
}

/// Returns a list; an empty one is absent, as in all protobuf JSON.
fn list(name: &str, members: impl Iterator<Item = Value>) -> Reply {
    match members.collect() {
        Value::Array(none) if none.is_empty() => Reply::json(&json!({})),
        members => Reply::json(&json!({ name: members })),
    }
}

fn check_call(call: &Call<'_>, log: &ViolationLog) -> Result<(), Refusal> {
    check_method_and_query(call, &Method::POST, log);
    if call.method != Method::POST {
        return Err(Refusal::method());
    }
    let media_type = call.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default();
    if !essence.trim().eq_ignore_ascii_case("application/json") {
        log.add(Violation::MediaType(media_type.map(str::to_owned)));
        return Err(Refusal::malformed("the body is no application/json"));
    }
    Ok(())
}

/// Authorizes a call. An invalid token or a revoked right is an operator's doing, no violation.
fn authorize(headers: &HeaderMap, world: &World, log: &ViolationLog) -> Result<(), Refusal> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = value.is_some_and(|value| value.starts_with("Bearer "));
    if !bearer || headers.get_all(AUTHORIZATION).iter().count() > 1 {
        log.add(Violation::Authorization);
    }
    Caller::of(headers, world)?.may("events.read")
}
