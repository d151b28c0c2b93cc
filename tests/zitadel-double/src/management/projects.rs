//! Projects of the organization.

use serde_json::{Value, json};

use super::details::{added, changed, listed, only};
use super::lists::{matches, object, same_name};
use super::request::{Outcome, Request};
use crate::ids::ProjectId;
use crate::refusal::Refusal;
use crate::world::{Project, WorldError};

const QUERIES: [&str; 1] = ["nameQuery"];

pub(super) fn add(request: &mut Request<'_>) -> Outcome {
    request.may("project.create")?;
    let name = request.required("name", "AddProjectRequest.Name")?;
    let org = request.org();
    let asserts_roles = request.flag("projectRoleAssertion");
    let is_taken = |project: &Project| {
        project.owner == org && project.active.is_some() && same_name(&project.name, &name)
    };
    if request.world.projects.values().any(is_taken) {
        return Err(Refusal::taken("Project already exists on organization"));
    }
    let id = request.world.add_named_project(&org, &name, asserts_roles);
    Ok(json!({ "id": id.as_str(), "details": added(request.world) }))
}

pub(super) fn search(request: &Request<'_>) -> Outcome {
    request.may("project.read")?;
    let all = request.world.projects.iter();
    let here = |(id, project): &(&ProjectId, &Project)| {
        project.owner == request.caller.org && project.active.is_some() && request.shows(id)
    };
    let finds = |name: &str, query: &Value, (_, project): &(&ProjectId, &Project)| match name {
        "nameQuery" => matches(query, "name", &project.name),
        _ => false,
    };
    request.page_of(&QUERIES, all.filter(here).collect(), finds, |(id, project)| {
        let row = request.world.log.rows.get(id.as_str(), &project.owner);
        let is_active = project.active == Some(true);
        let state = if is_active { "PROJECT_STATE_ACTIVE" } else { "PROJECT_STATE_INACTIVE" };
        object([
            ("id", id.as_str().into()),
            ("details", listed(&row)),
            ("name", project.name.as_str().into()),
            ("state", state.into()),
            ("projectRoleAssertion", project.asserts_roles.into()),
        ])
    })
}

pub(super) fn remove(request: &mut Request<'_>, id: &str) -> Outcome {
    request.may("project.delete")?;
    let (id, _) = request.project(id).ok_or_else(|| not_found("COMMAND-3M9sd"))?;
    let removed = request.world.remove_project(&id);
    removed.map_err(|_| not_found("COMMAND-3M9sd"))?;
    Ok(only(changed(request.world)))
}

pub(super) fn deactivate(request: &mut Request<'_>, id: &str) -> Outcome {
    let refusal = Refusal::precondition("Project is not active", "COMMAND-mki55");
    set_active(request, id, false, "COMMAND-112M9", refusal)
}

pub(super) fn reactivate(request: &mut Request<'_>, id: &str) -> Outcome {
    let refusal = Refusal::precondition("Project is not deactivated", "COMMAND-5M9bs");
    set_active(request, id, true, "COMMAND-3M9sd", refusal)
}

fn set_active(
    request: &mut Request<'_>,
    id: &str,
    active: bool,
    missing: &'static str,
    is_so: Refusal,
) -> Outcome {
    request.may("project.write")?;
    let (id, _) = request.project(id).ok_or_else(|| not_found(missing))?;
    let set = request.world.set_project_active(&id, active);
    set.map_err(|_: WorldError| is_so)?;
    Ok(only(changed(request.world)))
}

fn not_found(id: &'static str) -> Refusal {
    Refusal::not_found("Project not found", id)
}
