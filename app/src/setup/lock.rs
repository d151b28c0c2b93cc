//! `setup.lock.json`: the ids of everything that `setup` made, to be committed. It holds no secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{found::Found, target::Target};

pub(super) const FILE: &str = "setup.lock.json";

/// Things that `setup` made at one instance. Nothing else is ever removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Lock {
    /// The issuer of the instance.
    pub(super) domain: String,
    /// The id of the organization.
    pub(super) organization: String,
    pub(super) project: Option<Made>,
    /// Keys of the roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) roles: Vec<String>,
    pub(super) application: Option<Made>,
    pub(super) key: Option<Dated>,
    /// Service users by their names.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) users: BTreeMap<String, LockedUser>,
    /// The target of the webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) webhook: Option<Made>,
}

/// A thing by its id, and whether `setup` made it or found it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Made {
    pub(super) id: String,
    pub(super) made_here: bool,
}

/// A secret by its id, whether `setup` made it, and when it expires, as RFC 3339 has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dated {
    pub(super) id: String,
    pub(super) made_here: bool,
    pub(super) expires: String,
}

/// A service user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LockedUser {
    pub(super) id: String,
    pub(super) made_here: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) grant: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<Dated>,
}

impl Lock {
    pub(super) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    pub(super) fn text(&self) -> String {
        // Maps of texts are always JSON.
        format!("{:#}\n", serde_json::json!(self))
    }

    /// Brings the ids up to what is there: a thing of another id was found, and not made. What was made
    /// in a thing that is gone is gone with it.
    pub(super) fn bring_up_to(&mut self, domain: &str, target: &Target, found: &Found) {
        domain.clone_into(&mut self.domain);
        self.organization.clone_from(&found.organization.id);
        let found_here = |id: &String| Made { id: id.clone(), made_here: false };
        let is_other =
            |made: &Option<Made>, id: Option<&String>| made.as_ref().map(|made| &made.id) != id;
        let project = found.project.as_ref().map(|project| &project.id);
        if is_other(&self.project, project) {
            self.project = project.map(found_here);
            self.roles.clear();
            self.users.values_mut().for_each(|user| user.grant = None);
        }
        let application = found.application.as_ref().map(|application| &application.id);
        if is_other(&self.application, application) {
            self.application = application.map(found_here);
            self.key = None;
        }
        for (user, found) in target.users.iter().zip(&found.users) {
            match found.user.as_ref().map(|user| user.id.clone()) {
                None => drop(self.users.remove(&user.name)),
                Some(id) if self.users.get(&user.name).is_some_and(|locked| locked.id == id) => {}
                Some(id) => {
                    let locked = LockedUser { id, made_here: false, grant: None, token: None };
                    self.users.insert(user.name.clone(), locked);
                }
            }
        }
    }

    /// Tells whether anything in it was made.
    pub(super) fn has_made(&self) -> bool {
        let things = [&self.project, &self.application, &self.webhook];
        let is_made = |secret: &Option<Dated>| secret.as_ref().is_some_and(|it| it.made_here);
        let has =
            |user: &LockedUser| user.made_here || user.grant.is_some() || is_made(&user.token);
        things.into_iter().flatten().any(|it| it.made_here)
            || is_made(&self.key)
            || !self.roles.is_empty()
            || self.users.values().any(has)
    }

    /// Records roles that were made, each once.
    pub(super) fn add_roles(&mut self, keys: &[String]) {
        self.roles.extend(keys.iter().cloned());
        self.roles.sort();
        self.roles.dedup();
    }
}
