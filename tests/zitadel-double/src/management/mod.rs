//! The management API, as far as this project's setup needs it: a bearer token, JSON, one file per
//! subject.
//!
//! Unknown members of a body are ignored, as by ZITADEL's gateway.

mod app_keys;
mod app_settings;
mod apps;
mod auth_requests;
mod caller;
mod details;
mod executions;
mod grants;
mod lists;
mod logins;
mod members;
mod metadata;
mod orgs;
mod passwords;
mod pats;
mod people;
mod permissions;
mod projects;
mod request;
mod roles;
mod routes;
mod targets;
mod user_secrets;
mod user_states;
mod users;

use http::{Method, StatusCode};

pub(crate) use caller::Caller;
use request::{Outcome, Request};

use crate::answer::Answer;
use crate::event_log;
use crate::oidc::{Call, Reply, unescape};
use crate::refusal::Refusal;
use crate::shared::Shared;
use crate::violation::Violation;
use crate::world::User;

const PREFIXES: [&str; 7] = [
    "/management/v1/",
    "/admin/v1/members",
    "/auth/v1/",
    "/v2/actions/",
    "/v2/users/human",
    SESSIONS_PATH,
    "/v2/oidc/auth_requests/",
];

/// Path of the session API, which answers a new session with 201.
const SESSIONS_PATH: &str = "/v2/sessions";

pub(crate) fn has_path(path: &str) -> bool {
    PREFIXES.iter().any(|prefix| path.starts_with(prefix))
}

/// Methods and paths of the calls since the start or last reset.
pub(crate) fn calls(shared: &Shared) -> Vec<(String, String)> {
    let calls = shared.traffic.requests().into_iter().filter(|request| has_path(&request.path));
    calls.map(|call| (call.method, call.path)).collect()
}

pub(crate) fn answer(call: &Call<'_>, path: &str, shared: &Shared) -> Reply {
    let is_new_session = call.method == Method::POST && path == SESSIONS_PATH;
    let status = if is_new_session { StatusCode::CREATED } else { StatusCode::OK };
    let outcome = carry_out(call, path, shared);
    outcome.map_or_else(Reply::from, |answer| Reply::answer(status, Answer::from(answer)))
}

fn carry_out(call: &Call<'_>, path: &str, shared: &Shared) -> Outcome {
    let body = if call.method == Method::GET { b"" } else { call.body };
    let body = request::parse(body)?;
    let mut world = shared.world();
    // Every user may create a session.
    let needs_role = !path.starts_with(SESSIONS_PATH) && !path.starts_with("/v2/oidc/");
    let caller = Caller::authenticated(call.headers, &world)?;
    if needs_role {
        caller.has_role()?;
    }
    let name = world.users.get(&caller.user).map(User::display_name);
    world.log.caller =
        Some(event_log::Caller { id: caller.user.to_string(), name: name.unwrap_or_default() });
    // The gateway decodes before it splits, so an encoded slash separates segments.
    let decoded = decoded(path);
    let segments: Vec<&str> = decoded.split('/').skip(1).collect();
    let mut request = Request { world: &mut world, caller, body, issuer: call.issuer };
    let outcome = routes::route(&mut request, call.method.as_str(), &segments);
    world.log.caller = None;
    outcome.unwrap_or_else(|| {
        shared.violations.add(Violation::UnknownPath(path.to_owned()));
        Err(Refusal::no_path())
    })
}

/// Decodes a path if possible.
fn decoded(path: &str) -> String {
    unescape(&path.replace('+', "%2B")).unwrap_or_else(|| path.to_owned())
}
