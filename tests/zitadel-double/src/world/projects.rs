//! Projects: their roles, and the organizations that may grant them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{App, AppState, World, WorldError};
use crate::event_log::{Editor, NewEvent};
use crate::ids::{OrgId, ProjectId};

/// Project and its role keys.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) name: String,
    pub(crate) owner: OrgId,
    /// True if tokens show roles to front ends; introspection always does.
    pub(crate) asserts_roles: bool,
    pub(crate) roles: BTreeSet<String>,
    /// By role key.
    pub(crate) role_texts: BTreeMap<String, RoleText>,
    /// If false, applications are refused; `None` if removed.
    pub(crate) active: Option<bool>,
    /// By receiving organization.
    pub(crate) grants: BTreeMap<OrgId, ProjectGrant>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RoleText {
    pub(crate) display: String,
    pub(crate) group: String,
}

/// A foreign organization's right to grant roles of the project.
#[derive(Debug)]
pub(crate) struct ProjectGrant {
    pub(crate) id: String,
    pub(crate) roles: BTreeSet<String>,
}

impl Project {
    pub(crate) fn new(name: &str, owner: &OrgId) -> Self {
        Self {
            name: name.to_owned(),
            owner: owner.clone(),
            asserts_roles: false,
            roles: BTreeSet::new(),
            role_texts: BTreeMap::new(),
            active: Some(true),
            grants: BTreeMap::new(),
        }
    }

    fn event(&self, id: &ProjectId, event_type: &str) -> NewEvent {
        NewEvent::new("project", id, event_type, &self.owner)
    }
}

impl World {
    pub(crate) fn add_project(&mut self, owner: &OrgId) -> ProjectId {
        let number = self.projects.len();
        self.add_named_project(owner, &format!("project-{number}"), false)
    }

    pub(crate) fn add_named_project(
        &mut self,
        owner: &OrgId,
        name: &str,
        asserts_roles: bool,
    ) -> ProjectId {
        let id = ProjectId::from(self.fresh_id());
        let project = Project { asserts_roles, ..Project::new(name, owner) };
        let payload = if asserts_roles {
            json!({ "name": name, "projectRoleAssertion": true })
        } else {
            json!({ "name": name })
        };
        let event = project.event(&id, "project.added").with_payload(payload);
        self.projects.insert(id.clone(), project);
        self.log.write(Editor::Setup, [event]);
        id
    }

    fn project(&self, id: &ProjectId) -> Result<&Project, WorldError> {
        self.projects.get(id).ok_or_else(|| WorldError::UnknownProject(id.to_string()))
    }

    fn project_mut(&mut self, id: &ProjectId) -> Result<&mut Project, WorldError> {
        self.projects.get_mut(id).ok_or_else(|| WorldError::UnknownProject(id.to_string()))
    }

    /// True if the application, its project and the organization are active, and the application is
    /// visible.
    pub(crate) fn may_introspect(&self, app: &App) -> bool {
        let project = self.projects.get(&app.project).filter(|one| one.active == Some(true));
        let org = project.and_then(|project| self.orgs.get(&project.owner));
        let is_seen = self.log.rows.shows(&app.id);
        is_seen && app.state == AppState::Active && org.is_some_and(|org| org.active)
    }

    pub(super) fn project_event(
        &self,
        id: &ProjectId,
        event_type: &str,
        payload: Value,
    ) -> Result<NewEvent, WorldError> {
        Ok(self.project(id)?.event(id, event_type).with_payload(payload))
    }

    pub(super) fn add_role(&mut self, id: &ProjectId, role: &str) -> Result<(), WorldError> {
        if !self.project(id)?.roles.contains(role) {
            let text = RoleText { display: role.to_owned(), ..RoleText::default() };
            self.add_roles(id, vec![(role.to_owned(), text)]);
        }
        Ok(())
    }

    /// Adds roles in one write.
    pub(crate) fn add_roles(&mut self, id: &ProjectId, roles: Vec<(String, RoleText)>) {
        let Some(project) = self.projects.get_mut(id) else { return };
        let mut events = Vec::new();
        for (key, text) in roles {
            let members = [("key", &key), ("displayName", &text.display), ("group", &text.group)];
            let members = members.into_iter().filter(|(_, text)| !text.is_empty());
            let payload: BTreeMap<&str, &String> = members.collect();
            let event = project.event(id, "project.role.added");
            events.push(event.with_payload(json!(payload)));
            project.roles.insert(key.clone());
            project.role_texts.insert(key, text);
        }
        self.log.write(Editor::Setup, events);
    }

    /// Lets a foreign organization grant a role; returns its project grant's id, or `None` for the
    /// project's owner, who needs none.
    pub(super) fn share_role(
        &mut self,
        id: &ProjectId,
        role: &str,
        org: &OrgId,
    ) -> Result<Option<String>, WorldError> {
        if self.project(id)?.owner == *org {
            return Ok(None);
        }
        let fresh = self.fresh_id();
        let project = self.project_mut(id)?;
        let known = project.grants.contains_key(org);
        let grant = || ProjectGrant { id: fresh, roles: BTreeSet::new() };
        let grant = project.grants.entry(org.clone()).or_insert_with(grant);
        let grant_id = grant.id.clone();
        if grant.roles.insert(role.to_owned()) {
            let (name, payload) = if known {
                let payload = json!({ "grantId": grant.id, "roleKeys": grant.roles });
                ("project.grant.changed", payload)
            } else {
                let (id, roles) = (&grant.id, &grant.roles);
                let org = org.as_str();
                let payload = json!({ "grantId": id, "grantedOrgId": org, "roleKeys": roles });
                ("project.grant.added", payload)
            };
            let event = project.event(id, name).with_payload(payload);
            self.log.write(Editor::Setup, [event]);
        }
        Ok(Some(grant_id))
    }

    /// Removes a role of a project and, in the same write, of every grant.
    pub(crate) fn remove_role(&mut self, id: &ProjectId, role: &str) -> Result<(), WorldError> {
        let project = self.project_mut(id)?;
        if !project.roles.remove(role) {
            return Err(WorldError::UnknownRole(role.to_owned()));
        }
        project.role_texts.remove(role);
        let removed = project.event(id, "project.role.removed");
        let mut events = vec![removed.with_payload(json!({ "key": role }))];
        let mut shared = Vec::new();
        for grant in project.grants.values_mut().filter(|grant| grant.roles.contains(role)) {
            grant.roles.remove(role);
            shared.push(json!({ "grantId": grant.id, "roleKeys": grant.roles }));
        }
        for payload in shared {
            let event = project.event(id, "project.grant.cascade.changed");
            events.push(event.with_payload(payload));
        }
        events.extend(self.cascade_changed(role, |held| held.project == *id));
        self.log.write(Editor::Setup, events);
        Ok(())
    }

    /// Takes a role from a foreign organization, and from the users to whom it granted the role.
    pub(crate) fn reduce_project_grant(
        &mut self,
        id: &ProjectId,
        org: &OrgId,
        role: &str,
    ) -> Result<(), WorldError> {
        let project = self.project_mut(id)?;
        let grant = project.grants.get_mut(org).ok_or_else(|| no_project_grant(org))?;
        if !grant.roles.remove(role) {
            return Err(WorldError::UnknownRole(role.to_owned()));
        }
        let payload = json!({ "grantId": grant.id, "roleKeys": grant.roles });
        let grant_id = grant.id.clone();
        let mut events = vec![project.event(id, "project.grant.changed").with_payload(payload)];
        let by_it = |of: &Option<String>| of.as_ref() == Some(&grant_id);
        events.extend(self.cascade_changed(role, |held| by_it(&held.project_grant)));
        self.log.write(Editor::Setup, events);
        Ok(())
    }

    /// Deactivates or reactivates a project grant; roles granted through it stay, as in ZITADEL.
    pub(crate) fn set_project_grant_active(
        &mut self,
        id: &ProjectId,
        org: &OrgId,
        active: bool,
    ) -> Result<(), WorldError> {
        let project = self.project(id)?;
        let grant = project.grants.get(org).ok_or_else(|| no_project_grant(org))?;
        let name = if active { "project.grant.reactivated" } else { "project.grant.deactivated" };
        let event = project.event(id, name).with_payload(json!({ "grantId": grant.id }));
        self.log.write(Editor::Setup, [event]);
        Ok(())
    }

    /// Takes the project from a foreign organization, with all grants that it made.
    pub(crate) fn remove_project_grant(
        &mut self,
        id: &ProjectId,
        org: &OrgId,
    ) -> Result<(), WorldError> {
        let project = self.project_mut(id)?;
        let grant = project.grants.remove(org).ok_or_else(|| no_project_grant(org))?;
        let payload = json!({ "grantId": grant.id });
        let mut events = vec![project.event(id, "project.grant.removed").with_payload(payload)];
        let by_it = |of: &Option<String>| of.as_ref() == Some(&grant.id);
        events.extend(self.cascade_removed(|held| by_it(&held.project_grant)));
        self.log.write(Editor::Setup, events);
        Ok(())
    }

    /// Deactivates or reactivates a project; applications of an inactive one are refused.
    pub(crate) fn set_project_active(
        &mut self,
        id: &ProjectId,
        active: bool,
    ) -> Result<(), WorldError> {
        let project = self.project_mut(id)?;
        if project.active != Some(!active) {
            return Err(WorldError::Impossible("the project is removed, or in that state already"));
        }
        project.active = Some(active);
        let name = if active { "project.reactivated" } else { "project.deactivated" };
        let event = project.event(id, name);
        self.log.write(Editor::Setup, [event]);
        Ok(())
    }

    /// Removes a project and its grants; its applications are refused.
    pub(crate) fn remove_project(&mut self, id: &ProjectId) -> Result<(), WorldError> {
        let project = self.project_mut(id)?;
        project.active = None;
        project.grants.clear();
        let mut events = vec![project.event(id, "project.removed")];
        events.extend(self.cascade_removed(|held| held.project == *id));
        self.log.write(Editor::Setup, events);
        Ok(())
    }
}

fn no_project_grant(org: &OrgId) -> WorldError {
    WorldError::NoProjectGrant(org.to_string())
}
