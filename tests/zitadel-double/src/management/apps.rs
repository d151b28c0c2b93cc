//! Applications of a project: adding, listing, their state.

use serde_json::{Value, json};

use super::details::{added, changed, listed, only, put};
use super::lists::{matches, object, same_name};
use super::request::{Outcome, Request};
use crate::ids::{ClientId, ProjectId};
use crate::random;
use crate::refusal::Refusal;
use crate::world::{App, AppState, Credentials, OidcSettings, TokenShape};

const QUERIES: [&str; 1] = ["nameQuery"];

/// Authentication of an API application by keys.
pub(super) const BY_KEYS: &str = "API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT";

pub(super) fn add_api(request: &mut Request<'_>, project: &str) -> Outcome {
    request.may("project.app.write")?;
    let name = request.required("name", "AddAPIAppRequest.Name")?;
    let credentials = match request.text("authMethodType").as_str() {
        BY_KEYS => Credentials::Keys,
        _ => Credentials::Secret(random::client_secret()),
    };
    add(request, project, name, |project, id| App::new(project, id, credentials))
}

pub(super) fn add(
    request: &mut Request<'_>,
    project: &str,
    name: String,
    app: impl FnOnce(ProjectId, String) -> App,
) -> Outcome {
    let missing = || Refusal::precondition("Project not found", "PROJECT-9fnsf");
    let (project, _) = request.project(project).ok_or_else(missing)?;
    let mut others = request.world.apps.values();
    if others.any(|app| app.project == project && same_name(&app.name, &name)) {
        return Err(Refusal::taken("Application already exists"));
    }
    let app = App { name, ..app(project, request.world.fresh_id()) };
    let (id, secret) = (app.id.clone(), app.secret.clone());
    let client = request.world.add_app_as(app).map_err(|_| missing())?;
    Ok(object([
        ("appId", id.into()),
        ("details", added(request.world)),
        ("clientId", client.as_str().into()),
        ("clientSecret", secret.into()),
    ]))
}

pub(super) fn search(request: &Request<'_>, project: &str) -> Outcome {
    request.may("project.app.read")?;
    let Some((id, project)) = request.project(project) else {
        return Ok(request.page(Vec::new()));
    };
    let apps = request.world.apps.iter();
    let apps = apps.filter(|(_, app)| app.project == id && request.shows(&app.id));
    let mut apps: Vec<(&ClientId, &App)> = apps.collect();
    apps.sort_by(|(_, one), (_, other)| one.id.cmp(&other.id));
    let finds = |name: &str, query: &Value, (_, app): &(&ClientId, &App)| match name {
        "nameQuery" => matches(query, "name", &app.name),
        _ => false,
    };
    request.page_of(&QUERIES, apps, finds, |(client, app)| {
        let row = request.world.log.rows.get(&app.id, &project.owner);
        let state = match app.state {
            AppState::Active => "APP_STATE_ACTIVE",
            AppState::Deactivated => "APP_STATE_INACTIVE",
        };
        let (kind, config) = match &app.oidc {
            Some(settings) => ("oidcConfig", oidc_config(client, settings)),
            None => ("apiConfig", api_config(client, app)),
        };
        object([
            ("id", app.id.as_str().into()),
            ("details", listed(&row)),
            ("state", state.into()),
            ("name", app.name.as_str().into()),
            (kind, config),
        ])
    })
}

fn api_config(client: &ClientId, app: &App) -> Value {
    let method = if app.by_keys { BY_KEYS } else { "" };
    object([("clientId", client.as_str().into()), ("authMethodType", method.into())])
}

fn oidc_config(client: &ClientId, settings: &OidcSettings) -> Value {
    let mut config = serde_json::Map::new();
    // The first value of an enumeration is omitted.
    let unless = |first: &str, name: &str| if name == first { "" } else { name }.to_owned();
    put(&mut config, "redirectUris", settings.redirect_uris.clone());
    put(&mut config, "responseTypes", settings.response_types.clone());
    put(&mut config, "grantTypes", settings.grant_types.clone());
    put(&mut config, "appType", unless("OIDC_APP_TYPE_WEB", &settings.app_type));
    put(&mut config, "clientId", client.as_str());
    let method = unless("OIDC_AUTH_METHOD_TYPE_BASIC", &settings.auth_method);
    put(&mut config, "authMethodType", method);
    let jwt = matches!(settings.shape, TokenShape::Jwt).then_some("OIDC_TOKEN_TYPE_JWT");
    put(&mut config, "accessTokenType", jwt);
    for (name, value) in &settings.further {
        put(&mut config, name, value.clone());
    }
    if settings.login_v2 {
        config.insert("loginVersion".to_owned(), json!({ "loginV2": {} }));
    }
    config.into()
}

pub(super) fn remove(request: &mut Request<'_>, project: &str, app: &str) -> Outcome {
    request.may("project.app.delete")?;
    let missing = || not_existing("COMMAND-0po9s");
    let (_, client, _) = find(request, project, app).ok_or_else(missing)?;
    request.world.remove_app(&client).map_err(|_| missing())?;
    Ok(only(changed(request.world)))
}

pub(super) fn deactivate(request: &mut Request<'_>, project: &str, app: &str) -> Outcome {
    let is_so = Refusal::precondition("Application is not active", "COMMAND-dsh35");
    set_state(request, project, app, AppState::Deactivated, is_so)
}

pub(super) fn reactivate(request: &mut Request<'_>, project: &str, app: &str) -> Outcome {
    let is_so = Refusal::precondition("Application is not inactive", "COMMAND-1n8cM");
    set_state(request, project, app, AppState::Active, is_so)
}

fn set_state(
    request: &mut Request<'_>,
    project: &str,
    app: &str,
    state: AppState,
    is_so: Refusal,
) -> Outcome {
    request.may("project.app.write")?;
    let missing = || not_existing("COMMAND-ov9d3");
    let (_, client, known) = find(request, project, app).ok_or_else(missing)?;
    if known.state == state {
        return Err(is_so);
    }
    request.world.set_app_state(&client, state).map_err(|_| missing())?;
    Ok(only(changed(request.world)))
}

/// Finds an application in a project of the organization.
pub(super) fn find<'a>(
    request: &'a Request<'_>,
    project: &str,
    app: &str,
) -> Option<(ProjectId, ClientId, &'a App)> {
    let (project, _) = request.project(project)?;
    let (client, app) = request.world.find_app(&project, app)?;
    Some((project, client, app))
}

pub(super) fn not_existing(id: &'static str) -> Refusal {
    Refusal::not_found("Application doesn't exist", id)
}
