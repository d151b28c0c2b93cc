//! The grant `jwt-bearer` (RFC 7523 §2.1): an assertion signed with a service user's key.

use serde_json::Value;

use super::super::assertion::Assertion;
use super::super::{Call, Form};
use super::{Refused, answer, id_token, known_scopes};
use crate::ids::UserId;
use crate::shared::Shared;
use crate::world::{Audience, SessionToken, User};

pub(super) fn grant(call: &Call<'_>, form: &Form, shared: &Shared) -> Result<Value, Refused> {
    let assertion = Assertion::parse(form.value("assertion")).ok_or_else(Refused::internal)?;
    let mut world = shared.world();
    let id = UserId::from(assertion.issuer());
    let user = world.users.get(&id).filter(|user| User::exists(user));
    let user = user.ok_or_else(Refused::internal)?;
    let checked = assertion.check_user(&user.credentials.keys, call.issuer);
    checked.map_err(|_| Refused::internal())?;
    let request = SessionToken {
        scopes: known_scopes(form)?,
        audience: Audience::Scopes,
        client_id: Some(user.name.clone()),
        shape: user.credentials.shape,
        methods: Vec::new(),
        ..SessionToken::default()
    };
    let front_end = &shared.ids.front_end;
    let token = world.issue_session_token(&id, request, front_end, call.issuer);
    let token = token.map_err(|_| Refused::user_not_active())?;
    let id_token = id_token(&world, &token, call.issuer);
    Ok(answer(&token, id_token, None))
}
