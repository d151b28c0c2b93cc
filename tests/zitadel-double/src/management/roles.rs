//! Roles that a project defines.

use serde_json::Value;

use super::details::{added, changed, listed, only};
use super::lists::{matches, object, same_name};
use super::request::{Outcome, Request, text_of};
use crate::event_log::row_of_role;
use crate::ids::ProjectId;
use crate::refusal::Refusal;
use crate::world::RoleText;

const QUERIES: [&str; 2] = ["keyQuery", "displayNameQuery"];

pub(super) fn add(request: &mut Request<'_>, project: &str) -> Outcome {
    request.may("project.role.write")?;
    let key = request.required("roleKey", "AddProjectRoleRequest.RoleKey")?;
    let text = RoleText { display: request.text("displayName"), group: request.text("group") };
    add_all(request, project, vec![(key, text)])?;
    Ok(only(added(request.world)))
}

/// Adds all roles or none; the response has no sequence or time.
pub(super) fn add_bulk(request: &mut Request<'_>, project: &str) -> Outcome {
    request.may("project.role.write")?;
    let roles = request.list("roles").iter();
    let roles = roles.map(|role| {
        let (display, group) = (text_of(role, "displayName"), text_of(role, "group"));
        let text = RoleText { display: display.to_owned(), group: group.to_owned() };
        (text_of(role, "key").to_owned(), text)
    });
    let roles: Vec<(String, RoleText)> = roles.collect();
    if roles.iter().any(|(key, _)| key.is_empty()) {
        return Err(Refusal::invalid("Role is invalid", "COMMAND-4m9vS"));
    }
    add_all(request, project, roles)?;
    Ok(only(object([("resourceOwner", request.caller.org.as_str().into())])))
}

fn add_all(
    request: &mut Request<'_>,
    project: &str,
    roles: Vec<(String, RoleText)>,
) -> Result<(), Refusal> {
    let (id, known) = existing(request, project)?;
    let is_taken = |key: &str| known.roles.iter().any(|known| same_name(known, key));
    let is_repeated = |index: usize, key: &str| {
        roles.iter().take(index).any(|(earlier, _)| same_name(earlier, key))
    };
    let mut keys = roles.iter().map(|(key, _)| key.as_str()).enumerate();
    if keys.any(|(index, key)| is_taken(key) || is_repeated(index, key)) {
        return Err(Refusal::taken("Role already exists"));
    }
    request.world.add_roles(&id, roles);
    Ok(())
}

fn existing<'a>(
    request: &'a Request<'_>,
    project: &str,
) -> Result<(ProjectId, &'a crate::world::Project), Refusal> {
    let missing = || Refusal::precondition("Project not found", "COMMAND-4M0fs");
    request.project(project).ok_or_else(missing)
}

pub(super) fn search(request: &Request<'_>, project: &str) -> Outcome {
    request.may("project.role.read")?;
    let Some((id, project)) = request.project(project) else {
        return Ok(request.page(Vec::new()));
    };
    let text = |key: &str| project.role_texts.get(key).cloned().unwrap_or_default();
    let finds = |name: &str, query: &Value, key: &&String| match name {
        "keyQuery" => matches(query, "key", key),
        "displayNameQuery" => matches(query, "displayName", &text(key).display),
        _ => false,
    };
    let shown = project.roles.iter().filter(|key| request.shows(row_of_role(&id, key)));
    request.page_of(&QUERIES, shown.collect(), finds, |key| {
        let row = request.world.log.rows.get(&row_of_role(&id, key), &project.owner);
        let text = text(key);
        object([
            ("key", key.as_str().into()),
            ("details", listed(&row)),
            ("displayName", text.display.into()),
            ("group", text.group.into()),
        ])
    })
}

pub(super) fn remove(request: &mut Request<'_>, project: &str, key: &str) -> Outcome {
    request.may("project.role.delete")?;
    let missing = || Refusal::not_found("Role doesn't exist", "COMMAND-m9vMf");
    let (id, _) = request.project(project).ok_or_else(missing)?;
    request.world.remove_role(&id, key).map_err(|_| missing())?;
    Ok(only(changed(request.world)))
}
