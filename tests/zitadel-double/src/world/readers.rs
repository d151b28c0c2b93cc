//! Service users that may read the event log.

use serde_json::json;

use super::{NewUser, Pat, World, WorldError};
use crate::event_log::{Editor, INSTANCE, NewEvent};
use crate::ids::{OrgId, UserId};

impl World {
    /// Adds a service user with the right to read the log; the result is its token.
    pub(crate) fn add_event_reader(&mut self, org: &OrgId) -> Result<String, WorldError> {
        let name = format!("event-reader-{}", self.event_readers.len() + 1);
        let user = self.add_user(NewUser::service(&name), org)?;
        self.set_event_reader(&user, true)?;
        self.issue_pat(&user, Pat::WithoutExpiry)
    }

    /// Gives or takes the manager role by which the log can be read.
    pub(crate) fn set_event_reader(&mut self, id: &UserId, may: bool) -> Result<(), WorldError> {
        self.user(id)?;
        let (changed, name, payload) = if may {
            let payload = json!({ "roles": ["IAM_OWNER_VIEWER"], "userId": id.as_str() });
            (self.event_readers.insert(id.clone()), "instance.member.added", payload)
        } else {
            let payload = json!({ "userId": id.as_str() });
            (self.event_readers.remove(id), "instance.member.removed", payload)
        };
        if changed {
            let event = NewEvent::new("instance", INSTANCE, name, INSTANCE).with_payload(payload);
            self.log.write(Editor::Setup, [event]);
        }
        Ok(())
    }

    /// The user of a token that was issued here, dead or alive.
    pub(crate) fn user_of(&self, token: &str) -> Result<UserId, WorldError> {
        let token = self.token(token).ok_or(WorldError::UnknownToken)?;
        Ok(token.user().clone())
    }
}
