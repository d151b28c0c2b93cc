//! User grants: roles of a project that the call's organization grants to a user.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::details::{added, changed, listed, only};
use super::lists::{matches, object};
use super::request::{Outcome, Request, text_of};
use super::users;
use crate::ids::{ProjectId, UserId};
use crate::refusal::Refusal;
use crate::world::{User, UserGrant, UserKind};

const QUERIES: [&str; 4] = ["userIdQuery", "projectIdQuery", "roleKeyQuery", "withGrantedQuery"];

pub(super) fn add(request: &mut Request<'_>, user: &str) -> Outcome {
    request.may("user.grant.write")?;
    let (user, project) = (UserId::from(user), ProjectId::from(request.text("projectId")));
    let org = request.org();
    if !request.world.users.get(&user).is_some_and(User::exists) {
        return Err(Refusal::precondition("User could not be found", "COMMAND-4f8sg"));
    }
    let project_grant = Some(request.text("projectGrantId")).filter(|id| !id.is_empty());
    let roles: BTreeSet<String> = request.texts("roleKeys").into_iter().collect();
    let held = UserGrant { user, project, org, roles, active: true, project_grant };
    check_roles(request, &held, &held.roles)?;
    let is_same = |other: &UserGrant| {
        other.user == held.user && other.project == held.project && other.org == held.org
    };
    if request.world.grants.live().values().any(is_same) {
        return Err(Refusal::taken("User grant already exists"));
    }
    let id = request.world.add_grant(held);
    Ok(json!({ "userGrantId": id, "details": added(request.world) }))
}

/// Refuses roles that neither the project nor its grant to the organization has.
fn check_roles(
    request: &Request<'_>,
    held: &UserGrant,
    roles: &BTreeSet<String>,
) -> Result<(), Refusal> {
    let project = request.world.projects.get(&held.project);
    let project = project.filter(|project| project.active.is_some());
    let known = match &held.project_grant {
        None => {
            let own = project.filter(|project| project.owner == held.org);
            let missing = || Refusal::precondition("Project not found", "COMMAND-3n77S");
            &own.ok_or_else(missing)?.roles
        }
        Some(id) => {
            let grant = project.and_then(|project| project.grants.get(&held.org));
            let missing = || Refusal::precondition("Grant not found", "COMMAND-4m9ff");
            &grant.filter(|grant| grant.id == *id).ok_or_else(missing)?.roles
        }
    };
    if roles.is_subset(known) {
        Ok(())
    } else {
        Err(Refusal::precondition("Errors.Project.Role.NotFound", "COMMAND-mm9F4"))
    }
}

pub(super) fn change(request: &mut Request<'_>, user: &str, id: &str) -> Outcome {
    request.may("user.grant.write")?;
    let held = find(request, user, id, "COMMAND-3M9sd")?;
    let roles: BTreeSet<String> = request.texts("roleKeys").into_iter().collect();
    if held.roles == roles {
        let text = "User grant has not been changed";
        return Err(Refusal::precondition(text, "COMMAND-Rs8fy"));
    }
    check_roles(request, held, &roles)?;
    request.world.set_grant_roles(id, roles);
    Ok(only(changed(request.world)))
}

pub(super) fn remove(request: &mut Request<'_>, user: &str, id: &str) -> Outcome {
    request.may("user.grant.delete")?;
    find(request, user, id, "COMMAND-1My0t")?;
    request.world.remove_grant(id);
    Ok(only(changed(request.world)))
}

pub(super) fn deactivate(request: &mut Request<'_>, user: &str, id: &str) -> Outcome {
    request.may("user.grant.write")?;
    if !find(request, user, id, "COMMAND-3M9sd")?.active {
        return Err(Refusal::precondition("User grant is not active", "COMMAND-1S9gx"));
    }
    request.world.set_grant_active(id, false);
    Ok(only(changed(request.world)))
}

pub(super) fn reactivate(request: &mut Request<'_>, user: &str, id: &str) -> Outcome {
    request.may("user.grant.write")?;
    if find(request, user, id, "COMMAND-Lp0gs")?.active {
        return Err(Refusal::precondition("User grant is not deactivated", "COMMAND-1ML0v"));
    }
    request.world.set_grant_active(id, true);
    Ok(only(changed(request.world)))
}

fn find<'a>(
    request: &'a Request<'_>,
    user: &str,
    id: &str,
    missing: &'static str,
) -> Result<&'a UserGrant, Refusal> {
    let held = request.world.grants.get(id);
    let held = held.filter(|held| held.user.as_str() == user && held.org == request.caller.org);
    held.ok_or_else(|| Refusal::not_found("User grant not found", missing))
}

pub(super) fn search(request: &Request<'_>) -> Outcome {
    request.may("user.grant.read")?;
    let here =
        |(id, held): &(&String, &UserGrant)| held.org == request.caller.org && request.shows(id);
    let finds = |name: &str, query: &Value, (_, held): &(&String, &UserGrant)| match name {
        "userIdQuery" => text_of(query, "userId") == held.user.as_str(),
        "projectIdQuery" => text_of(query, "projectId") == held.project.as_str(),
        "roleKeyQuery" => held.roles.iter().any(|role| matches(query, "roleKey", role)),
        "withGrantedQuery" => true,
        _ => false,
    };
    let all = request.world.grants.live().iter().filter(here).collect();
    request.page_of(&QUERIES, all, finds, |(id, held)| shown(request, id, held))
}

fn shown(request: &Request<'_>, id: &str, held: &UserGrant) -> Value {
    let world = &request.world;
    let org = world.orgs.get(&held.org);
    let (org_name, domain) =
        org.map(|org| (org.name.as_str(), org.primary_domain.as_str())).unwrap_or_default();
    let project = world.projects.get(&held.project).map_or("", |project| &project.name);
    let state = if held.active { "USER_GRANT_STATE_ACTIVE" } else { "USER_GRANT_STATE_INACTIVE" };
    let mut members = vec![
        ("id", id.into()),
        ("details", listed(&world.log.rows.get(id, &held.org))),
        ("roleKeys", json!(held.roles)),
        ("state", state.into()),
        ("userId", held.user.as_str().into()),
        ("orgId", held.org.as_str().into()),
        ("orgName", org_name.into()),
        ("orgDomain", domain.into()),
        ("projectId", held.project.as_str().into()),
        ("projectName", project.into()),
        ("projectGrantId", held.project_grant.as_deref().into()),
        ("grantedOrgId", held.org.as_str().into()),
        ("grantedOrgName", org_name.into()),
        ("grantedOrgDomain", domain.into()),
    ];
    if let Some(user) = world.users.get(&held.user) {
        members.push(("userName", user.name.as_str().into()));
        members.push(("preferredLoginName", user.name.as_str().into()));
        members.push(("userType", users::kind(user).into()));
        if user.kind == UserKind::Human {
            members.push(("firstName", user.profile.given.as_str().into()));
            members.push(("lastName", user.profile.family.as_str().into()));
            members.push(("displayName", user.display_name().into()));
            members.push(("email", user.email.as_deref().into()));
        }
    }
    object(members)
}
