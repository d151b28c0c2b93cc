//! The grant `client_credentials`: a service user's login name and secret.

use serde_json::Value;

use super::super::{Call, Form, basic};
use super::{Refused, answer, id_token, known_scopes};
use crate::ids::UserId;
use crate::shared::Shared;
use crate::world::{Audience, SessionToken, User, World};

pub(super) fn grant(call: &Call<'_>, form: &Form, shared: &Shared) -> Result<Value, Refused> {
    let header = basic::read(call.headers, &shared.violations);
    let header = header.map_err(|_| Refused::client("invalid basic auth header"))?;
    let (name, secret) = header.unwrap_or_else(|| {
        (form.value("client_id").to_owned(), form.value("client_secret").to_owned())
    });
    if name.is_empty() {
        return Err(Refused::request("client_id or client_assertion must be provided"));
    }
    if secret.is_empty() {
        return Err(Refused::client("client must be authenticated"));
    }
    let mut world = shared.world();
    let (id, user) = find(&world, &name).ok_or_else(|| Refused::client("client not found"))?;
    match &user.credentials.secret {
        Some(right) if *right == secret => {}
        Some(_) => return Err(Refused::request("Errors.User.Machine.Secret.Invalid")),
        None => return Err(Refused::request("Errors.User.Machine.Secret.NotExisting")),
    }
    let request = SessionToken {
        scopes: known_scopes(form)?,
        audience: Audience::Scopes,
        client_id: Some(user.name.clone()),
        shape: user.credentials.shape,
        ..SessionToken::default()
    };
    let front_end = &shared.ids.front_end;
    let token = world.issue_session_token(&id, request, front_end, call.issuer);
    let token = token.map_err(|_| Refused::user_not_active())?;
    let id_token = id_token(&world, &token, call.issuer);
    Ok(answer(&token, id_token, None))
}

/// Finds the user with this login name, ignoring case.
fn find<'a>(world: &'a World, name: &str) -> Option<(UserId, &'a User)> {
    let is_it = |(id, user): &(&UserId, &User)| {
        let is_named = user.name.to_lowercase() == name.to_lowercase();
        is_named && user.exists() && world.log.rows.shows(id)
    };
    let (id, user) = world.users.iter().find(is_it)?;
    Some((id.clone(), user))
}
