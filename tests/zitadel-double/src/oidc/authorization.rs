//! The authorization endpoint (RFC 6749 §4.1.1), up to the redirect.
//!
//! There is no login page: a login client continues by `/v2/oidc/auth_requests`.

use super::grants::{Refused, known_scopes};
use super::{Call, Form, Reply};
use crate::ids::ClientId;
use crate::shared::Shared;
use crate::world::{Audience, AuthRequest, OidcSettings, SessionToken, Stage, World};

pub(crate) const AUTHORIZATION_PATH: &str = "/oauth/v2/authorize";

/// Header with the login client's user id; its presence requests login version 2.
const LOGIN_CLIENT: &str = "x-zitadel-login-client";

const ROLE_SCOPE: &str = "urn:zitadel:iam:org:project:role:";

/// Redirects to the login page of the requested version.
pub(crate) fn authorize(call: &Call<'_>, shared: &Shared) -> Reply {
    let location = redirected(call, shared);
    location.map_or_else(Reply::from, Reply::redirect)
}

fn redirected(call: &Call<'_>, shared: &Shared) -> Result<String, Refused> {
    let form = Form::parse(call.query.unwrap_or_default().as_bytes());
    let body = Form::parse(call.body).map_err(|_| Refused::form())?;
    let form = body.followed_by(form.map_err(|_| Refused::form())?);
    let mut world = shared.world();
    let client = ClientId::from(form.value("client_id"));
    let settings = settings(&world, &client)?;
    check(&form, settings)?;
    let login_client = call.headers.get(LOGIN_CLIENT).and_then(|value| value.to_str().ok());
    let login_client = login_client.unwrap_or_default().to_owned();
    if login_client.is_empty() && !settings.login_v2 {
        return Ok(format!("/ui/login/login?authRequestID={}", world.fresh_id()));
    }
    let scopes = asserted(&world, &client, known_scopes(&form)?);
    let request = AuthRequest {
        audience: audience(&world, &client, scopes.clone()),
        client,
        redirect_uri: form.value("redirect_uri").to_owned(),
        state: form.value("state").to_owned(),
        scopes,
        challenge: challenge(&form),
        login_client,
        stage: Stage::Added,
    };
    let id = world.add_auth_request(request);
    Ok(format!("/ui/v2/login/login?authRequest={id}"))
}

fn settings<'a>(world: &'a World, client: &ClientId) -> Result<&'a OidcSettings, Refused> {
    let app = world.apps.get(client).filter(|app| world.may_introspect(app));
    let settings = app.and_then(|app| app.oidc.as_ref());
    settings.ok_or_else(|| Refused::request("Errors.App.NotFound"))
}

fn check(form: &Form, settings: &OidcSettings) -> Result<(), Refused> {
    let redirect_uri = form.value("redirect_uri");
    if redirect_uri.is_empty() {
        return Err(Refused::request("The redirect_uri is missing in the request."));
    }
    if !settings.accepts(redirect_uri) {
        let text = "The requested redirect_uri is missing in the client configuration.";
        return Err(Refused::request(text));
    }
    if form.value("response_type") != "code" {
        return Err(Refused::request("The response type is missing in your request."));
    }
    Ok(())
}

fn challenge(form: &Form) -> Option<(String, bool)> {
    let challenge = form.value("code_challenge");
    let hashed = form.value("code_challenge_method") == "S256";
    (!challenge.is_empty()).then(|| (challenge.to_owned(), hashed))
}

/// Adds all role scopes of a project that asserts roles, unless one was requested.
fn asserted(world: &World, client: &ClientId, mut scopes: Vec<String>) -> Vec<String> {
    let project = world.apps.get(client).and_then(|app| world.projects.get(&app.project));
    let project = project.filter(|project| project.asserts_roles);
    if !scopes.iter().any(|scope| scope.starts_with(ROLE_SCOPE)) {
        let roles = project.into_iter().flat_map(|project| &project.roles);
        scopes.extend(roles.map(|role| format!("{ROLE_SCOPE}{role}")));
    }
    scopes
}

/// Returns the project with all its clients, and the projects named by scopes.
fn audience(world: &World, client: &ClientId, scopes: Vec<String>) -> Vec<String> {
    let audience = match world.apps.get(client) {
        Some(app) => Audience::Project(app.project.clone()),
        None => Audience::Scopes,
    };
    world.audience_of(&SessionToken { scopes, audience, ..SessionToken::default() })
}
