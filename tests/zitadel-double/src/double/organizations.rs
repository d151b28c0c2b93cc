//! Organizations and their Actions, project grants, further projects.

use super::{ZitadelDouble, must};
use crate::ids::{OrgId, ProjectId};
use crate::world::Action;

/// # Organizations
impl ZitadelDouble {
    /// Deactivates an organization. Applications of its projects are refused; tokens of its users
    /// stay active, as in ZITADEL.
    #[track_caller]
    pub fn deactivate_org(&self, org: &OrgId) {
        must(self.shared.world().set_org_active(org, false));
    }

    /// Reactivates an organization.
    #[track_caller]
    pub fn reactivate_org(&self, org: &OrgId) {
        must(self.shared.world().set_org_active(org, true));
    }

    /// Replaces the Action of an organization; `None` removes it.
    #[track_caller]
    pub fn set_action(&self, org: &OrgId, action: impl Into<Option<Action>>) {
        must(self.shared.world().set_action(org, action.into()));
    }

    /// Deactivates the default project's grant to an organization. Roles granted through it stay,
    /// as in ZITADEL.
    #[track_caller]
    pub fn deactivate_project_grant(&self, org: &OrgId) {
        self.deactivate_project_grant_in(self.project_id(), org);
    }

    /// Deactivates a project's grant to an organization.
    #[track_caller]
    pub fn deactivate_project_grant_in(&self, project: &ProjectId, org: &OrgId) {
        must(self.shared.world().set_project_grant_active(project, org, false));
    }

    /// Reactivates the default project's grant to an organization.
    #[track_caller]
    pub fn reactivate_project_grant(&self, org: &OrgId) {
        must(self.shared.world().set_project_grant_active(self.project_id(), org, true));
    }

    /// Deactivates or reactivates a project. Tokens issued by its applications stay active.
    #[track_caller]
    pub fn set_project_active(&self, project: &ProjectId, active: bool) {
        must(self.shared.world().set_project_active(project, active));
    }
}
