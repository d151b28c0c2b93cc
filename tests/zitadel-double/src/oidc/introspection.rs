//! Token introspection (RFC 7662), with ZITADEL's order of checks: the first failure wins.

use http::Method;

use super::client_auth::{NotAuthenticated, Presented};
use super::reply::OidcError;
use super::{Call, Form, Reply, claims, strictness};
use crate::clock::unix_now;
use crate::shared::Shared;
use crate::violation::Violation;
use crate::world::Token;

/// Returns a healthy endpoint's response, and records all violations of the request.
pub(crate) fn introspect(call: &Call<'_>, shared: &Shared) -> Reply {
    strictness::check_introspection(call, &shared.violations);
    answer(call, shared).unwrap_or_else(Reply::from)
}

fn answer(call: &Call<'_>, shared: &Shared) -> Result<Reply, OidcError> {
    let log = &shared.violations;
    let form = read_form(call).inspect_err(|_| log.add(Violation::MalformedForm))?;
    strictness::check_form(&form, call.headers, log);

    let token = form.value("token");
    if token.is_empty() {
        log.add(Violation::NoToken);
    }
    let presented = Presented::read(call.headers, &form, log)?;
    if token.is_empty() {
        return Err(OidcError::InvalidRequest("token missing".into()));
    }
    let client = match presented.authenticate(call, shared) {
        Ok(client) => client,
        Err(NotAuthenticated::Refused) => return Err(OidcError::UnauthorizedClient),
        Err(NotAuthenticated::UnparseableAssertion) => return Ok(Reply::inactive()),
    };

    let world = shared.world();
    if let Some(dictated) = world.answers.get(token) {
        return Ok(Reply::dictated(http::StatusCode::OK, dictated.clone()));
    }
    if shared.inactive_by_fault.hides(world.token(token)) {
        return Ok(Reply::inactive());
    }
    let claims = claims::of_token(&world, token, &client, call.issuer, unix_now());
    Ok(claims.map_or_else(Reply::inactive, |claims| Reply::oidc(&claims)))
}

/// True if the token is a personal access token.
pub(crate) fn asks_about_pat(body: &[u8], shared: &Shared) -> bool {
    let form = Form::parse(body).unwrap_or_default();
    matches!(shared.world().token(form.value("token")), Some(Token::Pat(_)))
}

/// Reads the fields of body and query; a body of another media type is ignored.
fn read_form(call: &Call<'_>) -> Result<Form, OidcError> {
    let malformed = |_| OidcError::InvalidRequest("error parsing form".into());
    let has_body = [Method::POST, Method::PUT, Method::PATCH].contains(call.method);
    let body = if has_body && strictness::is_form(call.headers) { call.body } else { b"" };
    let query = call.query.unwrap_or_default().as_bytes();
    let body = Form::parse(body).map_err(malformed)?;
    Ok(body.followed_by(Form::parse(query).map_err(malformed)?))
}
