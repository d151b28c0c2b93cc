//! Orders about users and roles. A `user` is an id or a user name.

use serde::Deserialize;
use serde_json::json;

use super::ControlError;
use super::routes::{Outcome, done};
use crate::ids::{OrgId, ProjectId};
use crate::shared::Shared;
use crate::world::{NewUser, UserState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserOrder {
    name: String,
    #[serde(default)]
    kind: KindName,
    org: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KindName {
    Human,
    #[default]
    Service,
}

impl UserOrder {
    pub(super) fn add(self, shared: &Shared) -> Outcome {
        let user = match self.kind {
            KindName::Human => NewUser::human(&self.name),
            KindName::Service => NewUser::service(&self.name),
        };
        let user = NewUser { org: self.org.map(OrgId::from), ..user };
        let id = shared.world().add_user(user, &shared.ids.org)?;
        Ok(json!({ "user": id.as_str() }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserStateOrder {
    user: String,
    state: UserStateName,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum UserStateName {
    Active,
    Locked,
    Deactivated,
    Removed,
}

impl UserStateOrder {
    pub(super) fn set(self, shared: &Shared) -> Outcome {
        let state = match self.state {
            UserStateName::Active => UserState::Active,
            UserStateName::Locked => UserState::Locked,
            UserStateName::Deactivated => UserState::Deactivated,
            UserStateName::Removed => UserState::Removed,
        };
        let mut world = shared.world();
        let user = world.find_user(&self.user)?;
        world.set_user_state(&user, state)?;
        Ok(done())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GrantOrder {
    user: String,
    role: String,
    project: Option<String>,
    org: Option<String>,
}

impl GrantOrder {
    pub(super) fn give(self, shared: &Shared) -> Outcome {
        let project = self.project(shared);
        let org = self.org.map(OrgId::from);
        let mut world = shared.world();
        let user = world.find_user(&self.user)?;
        world.grant(&user, &project, &self.role, org.as_ref())?;
        Ok(done())
    }

    pub(super) fn take(self, shared: &Shared) -> Outcome {
        if self.org.is_some() {
            return Err(ControlError::Meaningless("a role is taken away in every organization"));
        }
        let project = self.project(shared);
        let mut world = shared.world();
        let user = world.find_user(&self.user)?;
        world.ungrant(&user, &project, &self.role)?;
        Ok(done())
    }

    fn project(&self, shared: &Shared) -> ProjectId {
        let named = self.project.as_deref().map(ProjectId::from);
        named.unwrap_or_else(|| shared.ids.project.clone())
    }
}
