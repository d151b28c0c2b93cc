//! Revoking roles of many users: by project, project grant or organization.

use super::{ZitadelDouble, must};
use crate::ids::{OrgId, UserId};

/// # Roles of many
impl ZitadelDouble {
    /// Removes a role of the default project and, in the same write, of every grant.
    #[track_caller]
    pub fn remove_project_role(&self, role: &str) {
        must(self.shared.world().remove_role(self.project_id(), role));
    }

    /// Deactivates every grant of a user, whose roles then do not count.
    #[track_caller]
    pub fn deactivate_grants(&self, user: &UserId) {
        must(self.shared.world().set_grants_active(user, false));
    }

    /// Reactivates every grant of a user.
    #[track_caller]
    pub fn reactivate_grants(&self, user: &UserId) {
        must(self.shared.world().set_grants_active(user, true));
    }

    /// Takes a role of the default project from a foreign organization, and from the users to whom
    /// it granted the role. A project grant begins with the first role that its organization
    /// grants.
    #[track_caller]
    pub fn reduce_project_grant(&self, org: &OrgId, role: &str) {
        must(self.shared.world().reduce_project_grant(self.project_id(), org, role));
    }

    /// Takes the default project from a foreign organization, with all grants that it made.
    #[track_caller]
    pub fn remove_project_grant(&self, org: &OrgId) {
        must(self.shared.world().remove_project_grant(self.project_id(), org));
    }

    /// Deactivates the default project, whose applications are then refused.
    #[track_caller]
    pub fn deactivate_project(&self) {
        must(self.shared.world().set_project_active(self.project_id(), false));
    }

    /// Reactivates the default project.
    #[track_caller]
    pub fn reactivate_project(&self) {
        must(self.shared.world().set_project_active(self.project_id(), true));
    }

    /// Removes the default project: its applications are refused, its roles gone.
    #[track_caller]
    pub fn remove_project(&self) {
        must(self.shared.world().remove_project(self.project_id()));
    }

    /// Removes an organization and its users, whose tokens become invalid.
    #[track_caller]
    pub fn remove_org(&self, org: &OrgId) {
        must(self.shared.world().remove_org(org));
    }
}
