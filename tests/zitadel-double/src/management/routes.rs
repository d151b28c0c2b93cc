//! Routes of the API, by method and path.

use super::members::{self, Managers};
use super::request::{Outcome, Request};
use super::{
    app_keys, app_settings, apps, auth_requests, executions, grants, logins, metadata, orgs, pats,
    people, projects, roles, targets, user_secrets, user_states, users,
};

/// Carries out the call; `None` if no call has this method and path.
pub(super) fn route(request: &mut Request<'_>, method: &str, path: &[&str]) -> Option<Outcome> {
    match path {
        ["management", "v1", "orgs", "me"] if method == "GET" => Some(orgs::mine(request)),
        ["management", "v1", "orgs", "me", "members", rest @ ..] => {
            let managers = Managers::of_org(request);
            of_managers(request, &managers, method, rest)
        }
        ["admin", "v1", "members", rest @ ..] => {
            of_managers(request, &Managers::of_instance(), method, rest)
        }
        ["management", "v1", "projects", project, "apps", rest @ ..] => {
            of_apps(request, method, project, rest)
        }
        ["management", "v1", "projects", rest @ ..] => of_projects(request, method, rest),
        ["management", "v1", "users", rest @ ..] => of_users(request, method, rest),
        ["auth", "v1", "users", "me"] if method == "GET" => Some(users::mine(request)),
        ["auth", "v1", "permissions", "zitadel", "me", "_search"] if method == "POST" => {
            Some(Ok(members::permissions(request)))
        }
        ["v2", "users", "human"] if method == "POST" => Some(people::add(request)),
        ["v2", "actions", rest @ ..] => of_actions(request, method, rest),
        ["v2", rest @ ..] => of_logins(request, method, rest),
        _ => None,
    }
}

fn of_managers(
    request: &mut Request<'_>,
    managers: &Managers,
    method: &str,
    path: &[&str],
) -> Option<Outcome> {
    Some(match (method, path) {
        ("POST", []) => managers.add(request),
        ("POST", ["_search"]) => managers.search(request),
        ("DELETE", [user]) => managers.remove(request, user),
        _ => return None,
    })
}

fn of_projects(request: &mut Request<'_>, method: &str, path: &[&str]) -> Option<Outcome> {
    Some(match (method, path) {
        ("POST", []) => projects::add(request),
        ("POST", ["_search"]) => projects::search(request),
        ("DELETE", [id]) => projects::remove(request, id),
        ("POST", [id, "_deactivate"]) => projects::deactivate(request, id),
        ("POST", [id, "_reactivate"]) => projects::reactivate(request, id),
        ("POST", [id, "roles"]) => roles::add(request, id),
        ("POST", [id, "roles", "_bulk"]) => roles::add_bulk(request, id),
        ("POST", [id, "roles", "_search"]) => roles::search(request, id),
        ("DELETE", [id, "roles", key]) => roles::remove(request, id, key),
        _ => return None,
    })
}

fn of_apps(
    request: &mut Request<'_>,
    method: &str,
    project: &str,
    path: &[&str],
) -> Option<Outcome> {
    Some(match (method, path) {
        ("POST", ["api"]) => apps::add_api(request, project),
        ("POST", ["oidc"]) => app_settings::add_oidc(request, project),
        ("POST", ["_search"]) => apps::search(request, project),
        ("DELETE", [app]) => apps::remove(request, project, app),
        ("POST", [app, "_deactivate"]) => apps::deactivate(request, project, app),
        ("POST", [app, "_reactivate"]) => apps::reactivate(request, project, app),
        ("PUT", [app, "api_config"]) => app_settings::change_api(request, project, app),
        ("POST", [app, "api_config", "_generate_client_secret"]) => {
            app_settings::renew_api_secret(request, project, app)
        }
        ("PUT", [app, "oidc_config"]) => app_settings::change_oidc(request, project, app),
        ("POST", [app, "oidc_config", "_generate_client_secret"]) => {
            app_settings::renew_oidc_secret(request, project, app)
        }
        ("POST", [app, "keys"]) => app_keys::add(request, project, app),
        ("POST", [app, "keys", "_search"]) => app_keys::search(request, project, app),
        ("DELETE", [app, "keys", key]) => app_keys::remove(request, project, app, key),
        _ => return None,
    })
}

fn of_users(request: &mut Request<'_>, method: &str, path: &[&str]) -> Option<Outcome> {
    Some(match (method, path) {
        ("POST", ["machine"]) => users::add_machine(request),
        ("POST", ["human", "_import"]) => users::import_human(request),
        ("POST", ["_search"]) => users::search(request),
        ("POST", ["grants", "_search"]) => grants::search(request),
        ("DELETE", [user]) => user_states::remove(request, user),
        ("POST", [user, "_lock"]) => user_states::lock(request, user),
        ("POST", [user, "_unlock"]) => user_states::unlock(request, user),
        ("POST", [user, "_deactivate"]) => user_states::deactivate(request, user),
        ("POST", [user, "_reactivate"]) => user_states::reactivate(request, user),
        ("PUT", [user, "secret"]) => user_secrets::set(request, user),
        ("DELETE", [user, "secret"]) => user_secrets::remove(request, user),
        ("POST", [user, "keys"]) => user_secrets::add_key(request, user),
        ("POST", [user, "keys", "_search"]) => user_secrets::search_keys(request, user),
        ("DELETE", [user, "keys", key]) => user_secrets::remove_key(request, user, key),
        ("POST", [user, "metadata", "_search"]) => metadata::search(request, user),
        ("POST", [user, "metadata", key]) => metadata::set(request, user, key),
        ("GET", [user, "metadata", key]) => metadata::get(request, user, key),
        ("DELETE", [user, "metadata", key]) => metadata::remove(request, user, key),
        ("POST", [user, "grants"]) => grants::add(request, user),
        ("PUT", [user, "grants", id]) => grants::change(request, user, id),
        ("DELETE", [user, "grants", id]) => grants::remove(request, user, id),
        ("POST", [user, "grants", id, "_deactivate"]) => grants::deactivate(request, user, id),
        ("POST", [user, "grants", id, "_reactivate"]) => grants::reactivate(request, user, id),
        ("POST", [user, "pats"]) => pats::add(request, user),
        ("POST", [user, "pats", "_search"]) => pats::search(request, user),
        ("DELETE", [user, "pats", id]) => pats::remove(request, user, id),
        _ => return None,
    })
}

fn of_logins(request: &mut Request<'_>, method: &str, path: &[&str]) -> Option<Outcome> {
    Some(match (method, path) {
        ("POST", ["sessions"]) => logins::add(request),
        ("DELETE", ["sessions", id]) => logins::remove(request, id),
        ("GET", ["oidc", "auth_requests", id]) => auth_requests::get(request, id),
        ("POST", ["oidc", "auth_requests", id]) => auth_requests::answer(request, id),
        _ => return None,
    })
}

fn of_actions(request: &mut Request<'_>, method: &str, path: &[&str]) -> Option<Outcome> {
    Some(match (method, path) {
        ("POST", ["targets"]) => targets::add(request),
        ("POST", ["targets", "search"]) => targets::search(request),
        ("GET", ["targets", id]) => targets::get(request, id),
        ("POST", ["targets", id]) => targets::change(request, id),
        ("DELETE", ["targets", id]) => targets::remove(request, id),
        ("PUT", ["executions"]) => executions::set(request),
        ("POST", ["executions", "search"]) => executions::search(request),
        _ => return None,
    })
}
