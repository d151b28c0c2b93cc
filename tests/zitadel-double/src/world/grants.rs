//! User grants: roles of a project granted to a user.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{World, WorldError};
use crate::clock::{micros, unix_micros};
use crate::event_log::{Editor, NewEvent};
use crate::ids::{OrgId, ProjectId, UserId};

/// User grant ("authorization"): one per user, project and granting organization.
#[derive(Clone, Debug)]
pub(crate) struct UserGrant {
    pub(crate) user: UserId,
    pub(crate) project: ProjectId,
    pub(crate) org: OrgId,
    pub(crate) roles: BTreeSet<String>,
    /// False if the roles do not count.
    pub(crate) active: bool,
    /// Id of the project grant that lets the organization grant a foreign project's roles.
    pub(crate) project_grant: Option<String>,
}

pub(crate) type ById = BTreeMap<String, UserGrant>;

/// User grants, with earlier states that introspection still shows.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    live: ById,
    /// Earlier states, oldest first, with the last microsecond of each.
    past: VecDeque<(i64, ById)>,
    lag: Duration,
}

impl Grants {
    /// Returns the grants for a change, visible to introspection after the lag.
    pub(super) fn change(&mut self) -> &mut ById {
        if self.lag > Duration::ZERO {
            let now = unix_micros();
            self.past.retain(|(until, _)| now < *until);
            self.past.push_back((now.saturating_add(micros(self.lag)), self.live.clone()));
        }
        &mut self.live
    }

    /// Returns the grants that introspection shows now.
    pub(crate) fn shown(&self) -> &ById {
        let now = unix_micros();
        self.past.iter().find(|(until, _)| now < *until).map_or(&self.live, |(_, earlier)| earlier)
    }

    pub(crate) fn set_lag(&mut self, lag: Duration) {
        self.lag = lag;
        if lag.is_zero() {
            self.past.clear();
        }
    }

    /// Returns the current state of a grant, without any lag.
    pub(crate) fn get(&self, id: &str) -> Option<&UserGrant> {
        self.live.get(id)
    }

    /// Returns all current grants by id.
    pub(crate) fn live(&self) -> &ById {
        &self.live
    }

    fn ids(&self, wanted: impl Fn(&UserGrant) -> bool) -> Vec<String> {
        self.live.iter().filter(|(_, held)| wanted(held)).map(|(id, _)| id.clone()).collect()
    }
}

impl UserGrant {
    fn event(&self, id: &str, event_type: &str) -> NewEvent {
        NewEvent::new("usergrant", id, event_type, &self.org)
    }

    fn changed(&self, id: &str) -> NewEvent {
        let payload = json!({ "userId": self.user.as_str(), "roleKeys": self.roles });
        self.event(id, "user.grant.changed").with_payload(payload)
    }

    /// Names of user and project, for the events of added and removed grants.
    fn subject(&self) -> Map<String, Value> {
        let mut subject = Map::new();
        subject.insert("userId".to_owned(), self.user.as_str().into());
        subject.insert("projectId".to_owned(), self.project.as_str().into());
        if let Some(id) = &self.project_grant {
            subject.insert("grantId".to_owned(), id.as_str().into());
        }
        subject
    }
}

impl World {
    /// Grants a role; the project gets the key if it lacks it.
    pub(crate) fn grant(
        &mut self,
        user: &UserId,
        project: &ProjectId,
        role: &str,
        org: Option<&OrgId>,
    ) -> Result<(), WorldError> {
        let org = org.unwrap_or(&self.user(user)?.org).clone();
        if !self.orgs.contains_key(&org) {
            return Err(WorldError::UnknownOrg(org.to_string()));
        }
        self.add_role(project, role)?;
        let project_grant = self.share_role(project, role, &org)?;
        let same =
            |held: &UserGrant| held.user == *user && held.project == *project && held.org == org;
        let event = if let Some(id) = self.grants.ids(same).pop() {
            let Some(held) = self.grants.change().get_mut(&id) else { return Ok(()) };
            if !held.roles.insert(role.to_owned()) {
                return Ok(());
            }
            held.changed(&id)
        } else {
            let roles = BTreeSet::from([role.to_owned()]);
            let (user, project) = (user.clone(), project.clone());
            let held = UserGrant { user, project, org, roles, active: true, project_grant };
            self.add_grant(held);
            return Ok(());
        };
        self.log.write(Editor::Setup, [event]);
        Ok(())
    }

    /// Adds a grant; returns its id.
    pub(crate) fn add_grant(&mut self, held: UserGrant) -> String {
        let id = self.fresh_id();
        let mut payload = held.subject();
        payload.insert("roleKeys".to_owned(), json!(held.roles));
        let event = held.event(&id, "user.grant.added").with_payload(payload.into());
        self.grants.change().insert(id.clone(), held);
        self.log.write(Editor::Setup, [event]);
        id
    }

    pub(crate) fn set_grant_roles(&mut self, id: &str, roles: BTreeSet<String>) {
        let Some(held) = self.grants.change().get_mut(id) else { return };
        held.roles = roles;
        let event = held.changed(id);
        self.log.write(Editor::Setup, [event]);
    }

    pub(crate) fn remove_grant(&mut self, id: &str) {
        let Some(held) = self.grants.change().remove(id) else { return };
        let event = held.event(id, "user.grant.removed").with_payload(held.subject().into());
        self.log.write(Editor::Setup, [event]);
    }

    /// Revokes a role granted by any organization.
    pub(crate) fn ungrant(
        &mut self,
        user: &UserId,
        project: &ProjectId,
        role: &str,
    ) -> Result<(), WorldError> {
        self.user(user)?;
        let having = |held: &UserGrant| {
            held.user == *user && held.project == *project && held.roles.contains(role)
        };
        for id in self.grants.ids(having) {
            let live = self.grants.change();
            let Some(held) = live.get_mut(&id) else { continue };
            held.roles.remove(role);
            let event = if held.roles.is_empty() {
                let event = held.event(&id, "user.grant.removed");
                let event = event.with_payload(held.subject().into());
                live.remove(&id);
                event
            } else {
                held.changed(&id)
            };
            self.log.write(Editor::Setup, [event]);
        }
        Ok(())
    }

    /// Deactivates or reactivates each grant of a user.
    pub(crate) fn set_grants_active(
        &mut self,
        user: &UserId,
        active: bool,
    ) -> Result<(), WorldError> {
        self.user(user)?;
        for id in self.grants.ids(|held| held.user == *user && held.active != active) {
            self.set_grant_active(&id, active);
        }
        Ok(())
    }

    pub(crate) fn set_grant_active(&mut self, id: &str, active: bool) {
        let name = if active { "user.grant.reactivated" } else { "user.grant.deactivated" };
        let Some(held) = self.grants.change().get_mut(id) else { return };
        held.active = active;
        let event = held.event(id, name);
        self.log.write(Editor::Setup, [event]);
    }

    /// Removes a role, lost by the project or its grant, from grants; the causing write includes
    /// the events.
    pub(super) fn cascade_changed(
        &mut self,
        role: &str,
        touched: impl Fn(&UserGrant) -> bool,
    ) -> Vec<NewEvent> {
        let ids = self.grants.ids(|held| held.roles.contains(role) && touched(held));
        let live = self.grants.change();
        let mut events = Vec::new();
        for id in ids {
            let Some(held) = live.get_mut(&id) else { continue };
            held.roles.remove(role);
            let rest = &held.roles;
            let payload = if rest.is_empty() { json!({}) } else { json!({ "roleKeys": rest }) };
            events.push(held.event(&id, "user.grant.cascade.changed").with_payload(payload));
        }
        events
    }

    /// Removes grants without a basis; the causing write includes the events.
    pub(super) fn cascade_removed(
        &mut self,
        touched: impl Fn(&UserGrant) -> bool,
    ) -> Vec<NewEvent> {
        let ids = self.grants.ids(touched);
        let live = self.grants.change();
        ids.iter()
            .filter_map(|id| Some(live.remove(id)?.event(id, "user.grant.cascade.removed")))
            .collect()
    }
}
