//! The grant `authorization_code` with PKCE (RFC 6749 §4.1.3, RFC 7636).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::super::{Call, Form};
use super::client::Client;
use super::{Refused, answer, id_token};
use crate::shared::Shared;
use crate::world::{Audience, AuthRequest, SessionToken, Stage, World};

pub(super) fn grant(call: &Call<'_>, form: &Form, shared: &Shared) -> Result<Value, Refused> {
    let mut world = shared.world();
    let client = Client::authenticate(call, form, shared, &world)?;
    client.may("authorization_code", "OIDC_GRANT_TYPE_AUTHORIZATION_CODE")?;
    let (id, login, asked) = find(&world, form.value("code"))?;
    if asked.client != client.id {
        return Err(Refused::request("Errors.User.Code.Invalid"));
    }
    check_verifier(asked.challenge.as_ref(), form.value("code_verifier"))?;
    if form.value("redirect_uri") != asked.redirect_uri {
        return Err(Refused::grant("redirect_uri does not correspond"));
    }
    let state = world.logins.get(&login);
    if !state.is_some_and(|login| login.active) {
        return Err(Refused::request("Errors.Session.Terminated"));
    }
    if !state.is_some_and(|login| login.password_checked) {
        return Err(Refused::request("Errors.AuthRequest.NotAuthenticated"));
    }
    let request = SessionToken {
        scopes: asked.scopes.clone(),
        audience: Audience::Only(asked.audience.clone()),
        client_id: Some(client.id.to_string()),
        shape: client.settings.shape,
        ..SessionToken::default()
    };
    let client = client.id;
    let token = world.issue_for_login(&login, request, &client, call.issuer);
    let token = token.map_err(|_| Refused::user_not_active())?;
    world.end_auth_request(&id, true);
    let refreshes = asked.scopes.iter().any(|scope| scope == "offline_access");
    let refresh_token = if refreshes { world.refresh_token(&token).ok() } else { None };
    let id_token = id_token(&world, &token, call.issuer);
    Ok(answer(&token, id_token, refresh_token))
}

/// Finds the code's request and its login session.
fn find(world: &World, wanted: &str) -> Result<(String, String, AuthRequest), Refused> {
    let found = world.auth_requests.iter().find_map(|(id, request)| match &request.stage {
        Stage::Code { login, code } if code == wanted => {
            Some((id.clone(), login.clone(), request.clone()))
        }
        _ => None,
    });
    found.ok_or_else(|| Refused::request("Errors.User.Code.Invalid"))
}

fn check_verifier(challenge: Option<&(String, bool)>, verifier: &str) -> Result<(), Refused> {
    match challenge {
        None if verifier.is_empty() => Ok(()),
        None => Err(Refused::request("code_verifier unexpectedly provided")),
        Some(_) if verifier.is_empty() => Err(Refused::request("code_verifier required")),
        Some((challenge, hashed)) => {
            let hash = || URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
            let proof = if *hashed { hash() } else { verifier.to_owned() };
            if proof == *challenge { Ok(()) } else { Err(Refused::grant("invalid code_verifier")) }
        }
    }
}
