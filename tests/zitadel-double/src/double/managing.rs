//! The management API: administrator, recorded calls, faults.

use super::ZitadelDouble;
use crate::event_log::VisibilityLag;
use crate::lost_calls::LostCall;
use crate::management;

/// # The management API
impl ZitadelDouble {
    /// Returns the personal access token of the administrator, the service user `setup`:
    /// `IAM_OWNER` of the instance and `ORG_OWNER` of the default organization. The first call adds
    /// it.
    #[must_use]
    pub fn administrator(&self) -> String {
        self.shared.world().administrator(self.org_id())
    }

    /// Methods and paths of the management calls since the start or last reset, oldest first.
    #[must_use]
    pub fn management_calls(&self) -> Vec<(String, String)> {
        management::calls(&self.shared)
    }

    /// Waits for at least `count` management calls.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_management_calls(&self, count: usize) {
        let what = format!("{count} management calls");
        self.wait_for(&what, move |counts| counts.management_calls >= count).await;
    }

    /// Delays later additions in lists, rights and introspection: projects, roles, applications,
    /// keys, users, grants, managers. Commands see them at once, as in ZITADEL.
    pub fn set_visibility_lag(&self, lag: VisibilityLag) {
        self.shared.world().log.rows.set_lag(lag);
    }

    /// Resets the connection of a coming management call, counted from 1.
    /// [`clear_faults`](Self::clear_faults) cancels this.
    pub fn lose_management_call(&self, number: usize, when: LostCall) {
        self.shared.lost_calls.set(number, when);
    }
}
