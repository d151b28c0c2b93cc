//! Authentication of applications: OIDC settings, methods, secrets.

use serde_json::{Map, json};

use super::apps::{self, BY_KEYS, not_existing};
use super::details::{changed, only, put};
use super::request::{Outcome, Request, at};
use crate::refusal::Refusal;
use crate::world::{App, OidcSettings, TokenShape};

/// OIDC settings without effect here.
const FURTHER: [&str; 9] = [
    "postLogoutRedirectUris",
    "devMode",
    "accessTokenRoleAssertion",
    "idTokenRoleAssertion",
    "idTokenUserinfoAssertion",
    "clockSkew",
    "additionalOrigins",
    "skipNativeAppSuccessPage",
    "backChannelLogoutUri",
];

pub(super) fn add_oidc(request: &mut Request<'_>, project: &str) -> Outcome {
    request.may("project.app.write")?;
    let name = request.required("name", "AddOIDCAppRequest.Name")?;
    let settings = oidc_settings(request);
    if !settings.is_valid() {
        return Err(Refusal::invalid("Application is invalid", "PROJECT-1n8df"));
    }
    apps::add(request, project, name, |project, id| App::oidc(project, id, settings))
}

/// Replaces all settings; absent ones return to their defaults.
pub(super) fn change_oidc(request: &mut Request<'_>, project: &str, app: &str) -> Outcome {
    request.may("project.app.write")?;
    let settings = oidc_settings(request);
    if !settings.is_valid() {
        return Err(Refusal::invalid("OIDC configuration is invalid", "COMMAND-5m9fs"));
    }
    let missing = || not_existing("COMMAND-2n8uU");
    let (_, client, app) = apps::find(request, project, app).ok_or_else(missing)?;
    let Some(old) = &app.oidc else {
        return Err(Refusal::invalid("Application is not type OIDC", "COMMAND-GBr34"));
    };
    if *old == settings {
        return Err(Refusal::precondition("No changes", "COMMAND-1m88i"));
    }
    request.world.change_oidc(&client, settings).map_err(|_| missing())?;
    Ok(only(changed(request.world)))
}

fn oidc_settings(request: &Request<'_>) -> OidcSettings {
    let or = |text: String, default: &str| if text.is_empty() { default.to_owned() } else { text };
    let auth_method = or(request.text("authMethodType"), "OIDC_AUTH_METHOD_TYPE_BASIC");
    let shape = match request.text("accessTokenType").as_str() {
        "OIDC_TOKEN_TYPE_JWT" => TokenShape::Jwt,
        _ => TokenShape::Opaque,
    };
    let mut further = Map::new();
    for name in FURTHER {
        put(&mut further, name, at(&request.body, name).clone());
    }
    OidcSettings {
        redirect_uris: request.texts("redirectUris"),
        response_types: request.texts("responseTypes"),
        grant_types: request.texts("grantTypes"),
        app_type: or(request.text("appType"), "OIDC_APP_TYPE_WEB"),
        auth_method,
        shape,
        login_v2: at(at(&request.body, "loginVersion"), "loginV2").is_object(),
        further,
    }
}

pub(super) fn change_api(request: &mut Request<'_>, project: &str, app: &str) -> Outcome {
    request.may("project.app.write")?;
    let missing = || not_existing("COMMAND-2n8uU");
    let (_, client, app) = apps::find(request, project, app).ok_or_else(missing)?;
    if app.oidc.is_some() {
        return Err(Refusal::invalid("Application is not type API", "COMMAND-Gnwt3"));
    }
    let by_keys = request.text("authMethodType") == BY_KEYS;
    if by_keys == app.by_keys {
        return Err(Refusal::precondition("No changes", "COMMAND-1m88i"));
    }
    let set = if by_keys {
        request.world.change_to_keys(&client)
    } else {
        request.world.change_to_secret(&client)
    };
    set.map_err(|_| missing())?;
    Ok(only(changed(request.world)))
}

pub(super) fn renew_api_secret(request: &mut Request<'_>, project: &str, app: &str) -> Outcome {
    let other = Refusal::invalid("Application is not type API", "COMMAND-aeH4");
    renew_secret(request, project, app, false, other)
}

pub(super) fn renew_oidc_secret(request: &mut Request<'_>, project: &str, app: &str) -> Outcome {
    let other = Refusal::invalid("Application is not type OIDC", "COMMAND-Ghrh3");
    renew_secret(request, project, app, true, other)
}

fn renew_secret(
    request: &mut Request<'_>,
    project: &str,
    app: &str,
    is_oidc: bool,
    other_kind: Refusal,
) -> Outcome {
    request.may("project.app.write")?;
    let missing = || not_existing("COMMAND-2g66f");
    let (_, client, app) = apps::find(request, project, app).ok_or_else(missing)?;
    if app.oidc.is_some() != is_oidc {
        return Err(other_kind);
    }
    let secret = request.world.renew_secret(&client).map_err(|_| missing())?;
    Ok(json!({ "clientSecret": secret, "details": changed(request.world) }))
}
