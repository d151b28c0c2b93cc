//! The administrator of a new instance.

use super::{Level, User, UserKind, World};
use crate::clock::unix_now;
use crate::event_log::SETUP_USER;
use crate::ids::{OrgId, UserId};

impl World {
    /// Returns the administrator's personal access token, without scopes as in a new instance. The
    /// first use adds the user.
    pub(crate) fn administrator(&mut self, org: &OrgId) -> String {
        let id = UserId::from(SETUP_USER);
        let is_good =
            |token: &&String| self.token(token).is_some_and(|token| token.is_usable(unix_now()));
        if let Some(token) = self.administrator.as_ref().filter(is_good) {
            return token.clone();
        }
        if !self.users.contains_key(&id) {
            self.add_user_as(id.clone(), User::new(UserKind::Service, "setup", org));
            self.add_member(Level::Instance, &id, vec!["IAM_OWNER".to_owned()]);
            self.add_member(Level::Org(org.clone()), &id, vec!["ORG_OWNER".to_owned()]);
        }
        let (_, token) = self.add_pat(&id, None, Vec::new());
        self.administrator = Some(token.clone());
        token
    }
}
