//! The grant `refresh_token`, which invalidates the old access and refresh tokens at once.

use serde_json::Value;

use super::super::{Call, Form};
use super::client::Client;
use super::{Refused, answer, id_token};
use crate::shared::Shared;

pub(super) fn grant(call: &Call<'_>, form: &Form, shared: &Shared) -> Result<Value, Refused> {
    let mut world = shared.world();
    let client = Client::authenticate(call, form, shared, &world)?;
    client.may("refresh_token", "OIDC_GRANT_TYPE_REFRESH_TOKEN")?;
    let record = world.by_refresh_token(form.value("refresh_token"));
    let record = record.filter(|record| record.client_id == client.id.as_str());
    let invalid = || Refused::request("Errors.OIDCSession.RefreshTokenInvalid");
    let id = record.ok_or_else(invalid)?.id.clone();
    let token = world.refresh_with_id(&id, call.issuer);
    let token = token.map_err(|_| Refused::user_not_active())?;
    let refresh_token = world.refresh_token(&token).ok();
    let id_token = id_token(&world, &token, call.issuer);
    Ok(answer(&token, id_token, refresh_token))
}
