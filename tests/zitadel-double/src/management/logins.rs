//! The session API: logins without a browser.

use serde_json::{Value, json};

use super::details::{changed, only};
use super::lists::same_name;
use super::request::{Outcome, Request, at, text_of};
use crate::ids::UserId;
use crate::refusal::Refusal;
use crate::world::{User, UserState};

/// Creates a session, with or without a password check.
pub(super) fn add(request: &mut Request<'_>) -> Outcome {
    let checks = at(&request.body, "checks");
    let (id, user) = find(request, at(checks, "user"))?;
    if user.state != UserState::Active {
        return Err(Refusal::precondition("Errors.User.NotActive", "COMMAND-Df4b3"));
    }
    let sent = at(at(checks, "password"), "password").as_str();
    if let Some(sent) = sent {
        let none = || Refusal::precondition("User has not set a password", "COMMAND-3nJ4t");
        if user.credentials.password.as_ref().ok_or_else(none)? != sent {
            return Err(Refusal::invalid("Password is invalid", "COMMAND-3M0fs"));
        }
    }
    let checked = sent.is_some();
    let (session, token) = request.world.add_login(&id, checked);
    let details = changed(request.world);
    Ok(json!({ "details": details, "sessionId": session, "sessionToken": token }))
}

/// Finds a check's user by id or login name.
fn find<'a>(request: &'a Request<'_>, check: &Value) -> Result<(UserId, &'a User), Refusal> {
    let (id, name) = (text_of(check, "userId"), text_of(check, "loginName"));
    if id.is_empty() && name.is_empty() {
        return Err(Refusal::precondition("User ID missing", "COMMAND-Sfw3f"));
    }
    let mut users = request.world.users.iter();
    let is_it = |(known, user): &(&UserId, &User)| {
        user.exists() && (known.as_str() == id || same_name(&user.name, name))
    };
    let (id, user) = users
        .find(is_it)
        .ok_or_else(|| Refusal::not_found("User could not be found", "QUERY-Dfbg2"))?;
    Ok((id.clone(), user))
}

/// Ends a session; an unknown or ended one is no error.
pub(super) fn remove(request: &mut Request<'_>, id: &str) -> Outcome {
    check_token(request, id, &request.text("sessionToken"), "session.delete")?;
    let issuer = request.issuer.to_owned();
    request.world.end_login(id, &issuer);
    Ok(only(changed(request.world)))
}

/// Requires the session's token or a permission.
pub(super) fn check_token(
    request: &Request<'_>,
    id: &str,
    token: &str,
    permission: &str,
) -> Result<(), Refusal> {
    if token.is_empty() {
        return request.may(permission);
    }
    match request.world.logins.get(id) {
        Some(login) if login.token != token => {
            Err(Refusal::denied("Session Token is invalid", "COMMAND-sGr42"))
        }
        _ => Ok(()),
    }
}
