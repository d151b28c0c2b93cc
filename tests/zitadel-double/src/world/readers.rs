//! Service users that may read the event log.

use super::{Level, NewUser, Pat, World, WorldError};
use crate::ids::{OrgId, UserId};

const READER: &str = "IAM_OWNER_VIEWER";

impl World {
    /// Adds a service user that may read the log; returns its token.
    pub(crate) fn add_event_reader(&mut self, org: &OrgId) -> Result<String, WorldError> {
        let name = format!("event-reader-{}", self.users.len() + 1);
        let user = self.add_user(NewUser::service(&name), org)?;
        self.set_event_reader(&user, true)?;
        self.issue_pat(&user, Pat::WithoutExpiry)
    }

    /// Grants or revokes the manager role for the log.
    pub(crate) fn set_event_reader(&mut self, id: &UserId, may: bool) -> Result<(), WorldError> {
        self.user(id)?;
        let is_member = self.members.contains_key(&(Level::Instance, id.clone()));
        if may && !is_member {
            self.add_member(Level::Instance, id, vec![READER.to_owned()]);
        } else if !may {
            self.remove_member(&Level::Instance, id);
        }
        Ok(())
    }

    /// Returns the user of an issued token, valid or not.
    pub(crate) fn user_of(&self, token: &str) -> Result<UserId, WorldError> {
        let token = self.token(token).ok_or(WorldError::UnknownToken)?;
        Ok(token.user().clone())
    }
}
