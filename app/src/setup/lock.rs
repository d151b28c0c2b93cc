//! Content of `setup.lock.json`: ids of objects that `setup` made or found. The file contains no
//! secret, and is to be committed to git.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub(super) const FILE: &str = "setup.lock.json";

/// Objects at one instance of ZITADEL, as recorded in `setup.lock.json`. `setup --remove` removes
/// only objects that `setup` made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Lock {
    /// Issuer of the ZITADEL instance.
    pub(super) domain: String,
    /// Id of the organization that has the recorded objects.
    pub(super) organization: String,
    pub(super) project: Option<ObjectEntry>,
    /// Keys of the project's roles that `setup` made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<String>,
    pub(super) application: Option<ObjectEntry>,
    pub(super) key: Option<SecretEntry>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) users: BTreeMap<String, LockedUser>,
    /// Webhook's target: the object at ZITADEL that holds the URL to call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) webhook: Option<ObjectEntry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mcp_client: Option<ObjectEntry>,
}

/// Id of an object; `made_here` is true if `setup` made it, not only found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectEntry {
    pub(super) id: String,
    pub(super) made_here: bool,
}

/// Id of a key or token, with its expiry (RFC 3339); `made_here` is true if `setup` made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretEntry {
    pub(super) id: String,
    pub(super) made_here: bool,
    pub(super) expires: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LockedUser {
    pub(super) id: String,
    pub(super) made_here: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) grant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<SecretEntry>,
}

impl Lock {
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    pub(super) fn text(&self) -> String {
        // Maps of strings always serialize.
        format!("{:#}\n", serde_json::json!(self))
    }

    pub(super) fn has_made(&self) -> bool {
        let things = [&self.project, &self.application, &self.webhook, &self.mcp_client];
        let is_made = |secret: &Option<SecretEntry>| secret.as_ref().is_some_and(|it| it.made_here);
        let has =
            |user: &LockedUser| user.made_here || user.grant.is_some() || is_made(&user.token);
        things.into_iter().flatten().any(|it| it.made_here)
            || is_made(&self.key)
            || !self.roles.is_empty()
            || self.users.values().any(has)
    }

    pub(super) fn add_roles(&mut self, keys: &[String]) {
        self.roles.extend(keys.iter().cloned());
        self.roles.sort();
        self.roles.dedup();
    }
}
