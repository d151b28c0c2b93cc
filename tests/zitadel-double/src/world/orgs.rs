//! Organizations, which own users and projects.

use serde_json::json;

use super::{UserState, World, WorldError};
use crate::event_log::{Editor, NewEvent};
use crate::ids::{OrgId, UserId};

#[derive(Debug)]
pub(crate) struct Org {
    pub(crate) name: String,
    pub(crate) primary_domain: String,
    /// If false, its projects' applications are refused; its users keep their tokens.
    pub(crate) active: bool,
}

impl World {
    pub(crate) fn add_org(&mut self, name: &str, primary_domain: &str) -> OrgId {
        let id = OrgId::from(self.fresh_id());
        let (name, primary_domain) = (name.to_owned(), primary_domain.to_owned());
        let org = Org { name: name.clone(), primary_domain: primary_domain.clone(), active: true };
        self.orgs.insert(id.clone(), org);
        let event =
            |event_type, payload| NewEvent::new("org", &id, event_type, &id).with_payload(payload);
        let domain = json!({ "domain": primary_domain });
        let events = [
            event("org.added", json!({ "name": name })),
            event("org.domain.added", domain.clone()),
            event("org.domain.verified", domain.clone()),
            event("org.domain.primary.set", domain),
        ];
        self.log.write(Editor::Setup, events);
        id
    }

    pub(crate) fn set_org_active(&mut self, id: &OrgId, active: bool) -> Result<(), WorldError> {
        let org = self.orgs.get_mut(id).ok_or_else(|| WorldError::UnknownOrg(id.to_string()))?;
        if std::mem::replace(&mut org.active, active) == active {
            return Err(WorldError::Impossible("the organization is in that state already"));
        }
        let name = if active { "org.reactivated" } else { "org.deactivated" };
        self.log.write(Editor::Setup, [NewEvent::new("org", id, name, id).with_payload(json!({}))]);
        Ok(())
    }

    /// Removes an organization, its users, its grants and theirs; the log names only the
    /// organization.
    pub(crate) fn remove_org(&mut self, id: &OrgId) -> Result<(), WorldError> {
        self.orgs.remove(id).ok_or_else(|| WorldError::UnknownOrg(id.to_string()))?;
        let members = self.users.iter_mut().filter(|(_, user)| user.org == *id);
        let members: Vec<UserId> = members
            .map(|(member, user)| {
                user.state = UserState::Removed;
                member.clone()
            })
            .collect();
        for member in &members {
            self.revoke_all_of(member);
        }
        self.cascade_removed(|held| held.org == *id || members.contains(&held.user));
        for project in self.projects.values_mut() {
            project.grants.remove(id);
            if project.owner == *id {
                project.active = None;
            }
        }
        self.log.write(Editor::Setup, [NewEvent::new("org", id, "org.removed", id)]);
        Ok(())
    }
}
