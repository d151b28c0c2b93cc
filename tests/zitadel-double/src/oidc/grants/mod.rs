//! The token endpoint (RFC 6749 §3.2): one file per grant.
//!
//! As in ZITADEL, responses have no `scope`.

mod client;
mod client_credentials;
mod code;
mod jwt_profile;
mod refresh;
mod refused;

pub(super) use client::Client;
pub(super) use refused::Refused;
use serde_json::{Map, Value};

use super::{Call, Form, Reply};
use crate::shared::Shared;
use crate::world::{Token, World};

pub(crate) const TOKEN_PATH: &str = "/oauth/v2/token";

/// `expires_in` in seconds: 12 hours minus the moment before the response.
const EXPIRES_IN: u32 = 43_199;

/// OpenID Connect scopes that every client may request.
const OPENID_SCOPES: [&str; 6] =
    ["openid", "profile", "email", "phone", "address", "offline_access"];

pub(crate) fn token(call: &Call<'_>, shared: &Shared) -> Reply {
    let granted = || -> Result<Value, Refused> {
        let form = Form::parse(call.body).map_err(|_| Refused::form())?;
        match form.value("grant_type") {
            "client_credentials" => client_credentials::grant(call, &form, shared),
            "authorization_code" => code::grant(call, &form, shared),
            "refresh_token" => refresh::grant(call, &form, shared),
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => {
                jwt_profile::grant(call, &form, shared)
            }
            "" => Err(Refused::request("grant_type missing")),
            other => Err(Refused::grant_type(other)),
        }
    };
    granted().map_or_else(Reply::from, |answer| Reply::oidc(&answer))
}

/// Returns the requested scopes that ZITADEL knows; others are dropped without an error.
pub(super) fn known_scopes(form: &Form) -> Result<Vec<String>, Refused> {
    let asked: Vec<&str> = form.value("scope").split(' ').filter(|one| !one.is_empty()).collect();
    if asked.is_empty() {
        return Err(Refused::no_scope());
    }
    let known =
        |scope: &&str| OPENID_SCOPES.contains(scope) || scope.starts_with("urn:zitadel:iam:");
    Ok(asked.into_iter().filter(known).map(str::to_owned).collect())
}

/// Returns the id token; `None` without the scope `openid`.
fn id_token(world: &World, access_token: &str, issuer: &str) -> Option<String> {
    let has_scope = match world.token(access_token) {
        Some(Token::Session(session)) => session.request.scopes.iter().any(|one| one == "openid"),
        _ => false,
    };
    if has_scope { world.id_token(access_token, issuer).ok() } else { None }
}

fn answer(access_token: &str, id_token: Option<String>, refresh_token: Option<String>) -> Value {
    let mut answer = Map::new();
    answer.insert("access_token".to_owned(), access_token.into());
    answer.insert("token_type".to_owned(), "Bearer".into());
    if let Some(refresh_token) = refresh_token {
        answer.insert("refresh_token".to_owned(), refresh_token.into());
    }
    answer.insert("expires_in".to_owned(), EXPIRES_IN.into());
    if let Some(id_token) = id_token {
        answer.insert("id_token".to_owned(), id_token.into());
    }
    answer.into()
}
