//! Actions: an organization's scripts, which add claims to responses about its users.

use serde_json::{Map, Value};

use super::{World, WorldError};
use crate::event_log::{Editor, NewEvent};
use crate::ids::OrgId;

/// Script of an organization, run before each response about its users.
#[derive(Clone, Debug)]
pub struct Action {
    name: String,
    claims: Map<String, Value>,
    log: Vec<String>,
    fails: bool,
    allowed_to_fail: bool,
}

impl Action {
    /// Creates an Action that adds claims, except under existing names and ZITADEL's own.
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

    /// Adds a line to the Action's log, which is a claim.
    #[must_use]
    pub fn logging(mut self, line: &str) -> Self {
        self.log.push(line.to_owned());
        self
    }

    /// Makes a failure have no effect.
    #[must_use]
    pub fn allowed_to_fail(self) -> Self {
        Self { allowed_to_fail: true, ..self }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Returns claims and log; `None` if the Action fails and the token is inactive.
    pub(crate) fn run(&self) -> Option<(Map<String, Value>, &[String])> {
        match (self.fails, self.allowed_to_fail) {
            (false, _) => Some((self.claims.clone(), &self.log)),
            (true, true) => Some((Map::new(), &[])),
            (true, false) => None,
        }
    }
}

impl World {
    /// Replaces or removes the Action of an organization.
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
