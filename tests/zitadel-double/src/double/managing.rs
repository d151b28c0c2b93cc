//! The management API: its administrator, its recorded calls, its faults.

use super::ZitadelDouble;
use crate::event_log::VisibilityLag;
use crate::lost_calls::LostCall;
use crate::management;

/// # The management API
impl ZitadelDouble {
    /// Returns the personal access token of the administrator, the service user `setup`:
    /// `IAM_OWNER` of the instance and `ORG_OWNER` of the default organization. The first call adds
    /// the user.
    #[must_use]
    pub fn administrator(&self) -> String {
        self.shared.world().administrator(self.org_id())
    }

    /// Method and path of each management call since the start or the last reset, oldest first.
    #[must_use]
    pub fn management_calls(&self) -> Vec<(String, String)> {
        management::calls(&self.shared)
    }

    /// Waits until at least `count` management calls have arrived.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_management_calls(&self, count: usize) {
        let what = format!("{count} management calls");
        self.wait_for(&what, move |counts| counts.management_calls >= count).await;
    }

    /// Delays the visibility of later additions to lists, rights and introspection by this lag:
    /// projects, roles, applications, keys, users, grants, managers. Commands see them at once, as
    /// in ZITADEL.
    pub fn set_visibility_lag(&self, lag: VisibilityLag) {
        self.shared.world().log.rows.set_lag(lag);
    }

    /// Resets the connection of one management call, counted from 1 and from now.
    /// [`clear_faults`](Self::clear_faults) cancels the order.
    pub fn lose_management_call(&self, number: usize, when: LostCall) {
        self.shared.lost_calls.set(number, when);
    }
}
