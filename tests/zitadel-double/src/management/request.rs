//! One call: caller, body, and the state that it may change.

use serde_json::{Value, json};

use super::Caller;
use crate::event_log::parse_time;
use crate::ids::{OrgId, ProjectId, UserId};
use crate::refusal::Refusal;
use crate::world::{Project, User, World};

pub(super) type Outcome = Result<Value, Refusal>;

const NANOS_OF_A_SECOND: i128 = 1_000_000_000;

/// Call with a valid token.
pub(super) struct Request<'a> {
    pub(super) world: &'a mut World,
    pub(super) caller: Caller,
    /// An object.
    pub(super) body: Value,
    /// Origin of the call.
    pub(super) issuer: &'a str,
}

/// Parses a body; empty means an empty object.
pub(super) fn parse(body: &[u8]) -> Outcome {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(json!({}));
    }
    let parsed = serde_json::from_slice(body);
    let body: Value = parsed.map_err(|error| Refusal::malformed(format!("proto: {error}")))?;
    if body.is_object() { Ok(body) } else { Err(Refusal::malformed("proto: no object")) }
}

impl Request<'_> {
    /// True if lists show the thing with this row key.
    pub(super) fn shows(&self, key: impl AsRef<str>) -> bool {
        self.world.log.rows.shows(key)
    }

    pub(super) fn may(&self, permission: &str) -> Result<(), Refusal> {
        self.caller.may(permission)
    }

    pub(super) fn org(&self) -> OrgId {
        self.caller.org.clone()
    }

    /// Returns a text, empty if absent.
    pub(super) fn text(&self, name: &str) -> String {
        text_of(&self.body, name).to_owned()
    }

    /// Returns a text of 1 to 200 characters; errors name it like the gateway.
    pub(super) fn required(&self, name: &str, called: &str) -> Result<String, Refusal> {
        let text = self.text(name);
        if (1..=200).contains(&text.chars().count()) {
            return Ok(text);
        }
        Err(Refusal::malformed(format!(
            "invalid {called}: value length must be between 1 and 200 runes, inclusive"
        )))
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        at(&self.body, name).as_bool().unwrap_or_default()
    }

    /// Returns a list, empty if absent.
    pub(super) fn list(&self, name: &str) -> &[Value] {
        at(&self.body, name).as_array().map_or(&[], Vec::as_slice)
    }

    /// Returns a list of texts, empty if absent.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let list = self.list(name).iter();
        list.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Returns `expirationDate` in seconds since the Unix epoch; refuses a past one.
    pub(super) fn expiration(&self) -> Result<Option<i64>, Refusal> {
        let text = self.text("expirationDate");
        if text.is_empty() {
            return Ok(None);
        }
        let malformed = || Refusal::malformed("proto: invalid google.protobuf.Timestamp value");
        let nanos = parse_time(&text).ok_or_else(malformed)?;
        let seconds = i64::try_from(nanos / NANOS_OF_A_SECOND).map_err(|_| malformed())?;
        if seconds < crate::clock::unix_now() {
            return Err(Refusal::invalid("Errors.AuthNKey.ExpireBeforeNow", "DOMAIN-dv3t5"));
        }
        Ok(Some(seconds))
    }

    /// Returns an existing project of the organization.
    pub(super) fn project(&self, id: &str) -> Option<(ProjectId, &Project)> {
        let id = ProjectId::from(id);
        let project = self.world.projects.get(&id)?;
        let is_here = project.owner == self.caller.org && project.active.is_some();
        is_here.then_some((id, project))
    }

    /// Returns an existing user of the organization.
    pub(super) fn user(&self, id: &str) -> Option<(UserId, &User)> {
        let id = UserId::from(id);
        let user = self.world.users.get(&id)?;
        (user.org == self.caller.org && user.exists()).then_some((id, user))
    }

    pub(super) fn user_mut(&mut self, id: &str) -> Option<(UserId, &mut User)> {
        let org = self.org();
        let id = UserId::from(id);
        let user = self.world.users.get_mut(&id)?;
        (user.org == org && user.exists()).then_some((id, user))
    }
}

/// Returns a member, null if absent.
pub(super) fn at<'a>(object: &'a Value, name: &str) -> &'a Value {
    object.get(name).unwrap_or(&Value::Null)
}

/// Returns a text of an object, empty if absent.
pub(super) fn text_of<'a>(object: &'a Value, name: &str) -> &'a str {
    at(object, name).as_str().unwrap_or_default()
}
