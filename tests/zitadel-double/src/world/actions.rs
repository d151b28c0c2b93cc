//! Actions: scripts of an organization that add claims to responses about its users.

use serde_json::{Map, Value};

use super::{World, WorldError};
use crate::event_log::{Editor, NewEvent};
use crate::ids::OrgId;

/// Script that ZITADEL runs before it responds about a user of the owning organization.
#[derive(Clone, Debug)]
pub struct Action {
    name: String,
    claims: Map<String, Value>,
    log: Vec<String>,
    fails: bool,
    allowed_to_fail: bool,
}

impl Action {
    /// Creates an Action that adds claims. Names already used and ZITADEL's own are ignored.
    #[must_use]
    pub fn adding(name: &str, claims: Map<String, Value>) -> Self {
        let (log, fails, allowed_to_fail) = (Vec::new(), false, false);
        Self { name: name.to_owned(), claims, log, fails, allowed_to_fail }
    }

    /// Creates an Action that fails: every token of its organization's users is inactive.
    #[must_use]
    pub fn failing(name: &str) -> Self {
        Self { fails: true, ..Self::adding(name, Map::new()) }
    }

    /// Creates an Action that fails and writes a line to its log, which is a claim.
    #[must_use]
    pub fn logging(mut self, line: &str) -> Self {
        self.log.push(line.to_owned());
        self
    }

    /// Creates an Action whose failure has no effect.
    #[must_use]
    pub fn allowed_to_fail(self) -> Self {
        Self { allowed_to_fail: true, ..self }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns claims and log; `None` is a failure that makes the token inactive.
    pub(crate) fn run(&self) -> Option<(Map<String, Value>, &[String])> {
        match (self.fails, self.allowed_to_fail) {
            (false, _) => Some((self.claims.clone(), &self.log)),
            (true, true) => Some((Map::new(), &[])),
            (true, false) => None,
        }
    }
}

impl World {
    /// Sets the Action of an organization in place of any other, or removes it.
    pub(crate) fn set_action(
        &mut self,
        org: &OrgId,
        action: Option<Action>,
    ) -> Result<(), WorldError> {
        if !self.orgs.contains_key(org) {
            return Err(WorldError::UnknownOrg(org.to_string()));
        }
        let id = self.fresh_id();
        let events = match action {
            Some(action) => {
                self.actions.insert(org.clone(), action);
                vec![
                    NewEvent::new("action", id, "action.added", org),
                    NewEvent::new("org", org, "org.flow.trigger_actions.set", org),
                ]
            }
            None if self.actions.remove(org).is_some() => {
                vec![NewEvent::new("org", org, "org.flow.cleared", org)]
            }
            None => Vec::new(),
        };
        self.log.write(Editor::Setup, events);
        Ok(())
    }
}
