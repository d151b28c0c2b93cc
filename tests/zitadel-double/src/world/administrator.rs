//! The administrator of the instance, as the first setup creates it.

use super::{Level, User, UserKind, World};
use crate::clock::unix_now;
use crate::event_log::SETUP_USER;
use crate::ids::{OrgId, UserId};

impl World {
    /// Returns the personal access token of the administrator, who is added on first use. It has no
    /// scopes, as a first instance's has none.
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
