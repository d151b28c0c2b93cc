//! Managers: users with a role in the instance or an organization.

use std::collections::BTreeMap;

use serde_json::json;

use super::World;
use crate::event_log::{Editor, INSTANCE, NewEvent, row_of_member};
use crate::ids::{OrgId, UserId};

/// Place of a manager role.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Instance,
    Org(OrgId),
}

/// Manager roles by place and user, in the order granted.
pub(crate) type Members = BTreeMap<(Level, UserId), Vec<String>>;

impl Level {
    /// Id of the owning instance or organization.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Instance => INSTANCE,
            Self::Org(org) => org.as_str(),
        }
    }

    fn event(&self, what: &str) -> NewEvent {
        let kind = match self {
            Self::Instance => "instance",
            Self::Org(_) => "org",
        };
        NewEvent::new(kind, self.id(), &format!("{kind}.member.{what}"), self.id())
    }
}

impl World {
    /// Grants manager roles to a user without any there.
    pub(crate) fn add_member(&mut self, level: Level, user: &UserId, roles: Vec<String>) {
        let payload = json!({ "roles": roles, "userId": user.as_str() });
        let event = level.event("added").with_payload(payload);
        self.members.insert((level, user.clone()), roles);
        self.log.write(Editor::Setup, [event]);
    }

    /// Revokes a user's manager roles; false if there are none.
    pub(crate) fn remove_member(&mut self, level: &Level, user: &UserId) -> bool {
        let found = self.members.remove(&(level.clone(), user.clone())).is_some();
        if found {
            let payload = json!({ "userId": user.as_str() });
            let event = level.event("removed").with_payload(payload);
            self.log.write(Editor::Setup, [event]);
        }
        found
    }

    /// Returns the manager roles valid in an organization, the instance's first.
    pub(crate) fn manager_roles(&self, user: &UserId, org: &OrgId) -> Vec<&str> {
        [Level::Instance, Level::Org(org.clone())]
            .into_iter()
            .filter(|level| self.log.rows.shows(row_of_member(level.id(), user)))
            .filter_map(|level| self.members.get(&(level, user.clone())))
            .flatten()
            .map(String::as_str)
            .collect()
    }

    /// Revokes all manager roles of a removed user; the causing write includes the events.
    pub(super) fn cascade_members(&mut self, user: &UserId) -> Vec<NewEvent> {
        let held = self.members.extract_if(.., |(_, member), _| member == user);
        let payload = json!({ "userId": user.as_str() });
        held.map(|((level, _), _)| level.event("cascade.removed").with_payload(payload.clone()))
            .collect()
    }
}
