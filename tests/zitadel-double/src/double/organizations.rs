//! Organizations and their Actions, project grants, and projects beside the default one.

use super::{ZitadelDouble, must};
use crate::ids::{OrgId, ProjectId};
use crate::world::Action;

/// # Organizations
impl ZitadelDouble {
    /// Deactivates an organization: the applications of its projects are refused. Tokens of its
    /// users stay active, as in ZITADEL.
    #[track_caller]
    pub fn deactivate_org(&self, org: &OrgId) {
        must(self.shared.world().set_org_active(org, false));
    }

    /// Reactivates an organization.
    #[track_caller]
    pub fn reactivate_org(&self, org: &OrgId) {
        must(self.shared.world().set_org_active(org, true));
    }

    /// Sets the Action of an organization in place of any other; `None` removes it.
    #[track_caller]
    pub fn set_action(&self, org: &OrgId, action: impl Into<Option<Action>>) {
        must(self.shared.world().set_action(org, action.into()));
    }

    /// Deactivates the grant of the default project to an organization. Roles granted through it
    /// stay, as in ZITADEL.
    #[track_caller]
    pub fn deactivate_project_grant(&self, org: &OrgId) {
        self.deactivate_project_grant_in(self.project_id(), org);
    }

    /// Deactivates the grant of any project to an organization.
    #[track_caller]
    pub fn deactivate_project_grant_in(&self, project: &ProjectId, org: &OrgId) {
        must(self.shared.world().set_project_grant_active(project, org, false));
    }

    /// Reactivates the grant of the default project to an organization.
    #[track_caller]
    pub fn reactivate_project_grant(&self, org: &OrgId) {
        must(self.shared.world().set_project_grant_active(self.project_id(), org, true));
    }

    /// Deactivates or reactivates any project. Tokens that its applications issued stay active.
    #[track_caller]
    pub fn set_project_active(&self, project: &ProjectId, active: bool) {
        must(self.shared.world().set_project_active(project, active));
    }
}
