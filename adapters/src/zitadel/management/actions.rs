//! Management API calls for webhooks: targets, and the events at which ZITADEL calls them.

use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Management, ManagementError, PAGE, answers::text, instance::malformed};

const TARGETS: &str = "/v2/actions/targets";
const EXECUTIONS: &str = "/v2/actions/executions";

/// Time for which ZITADEL waits for the response of a webhook.
const TIMEOUT: &str = "5s";

/// Target of ZITADEL's events: a URL that ZITADEL calls when certain events happen, with its
/// settings.
#[derive(Clone, Debug)]
pub struct ActionTarget {
    /// ZITADEL's id of this target.
    pub id: String,
    /// Name of this target.
    pub name: String,
    /// URL that ZITADEL calls.
    pub endpoint: String,
    /// True for a webhook with `interruptOnError` false: ZITADEL goes on if a call to it fails.
    pub is_quiet_webhook: bool,
    /// Key with which ZITADEL signs its requests to the URL.
    pub signing_key: SecretString,
}

/// Condition that selects events, with the targets that ZITADEL then calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// Condition that selects the events.
    pub condition: EventCondition,
    /// Ids of the targets that ZITADEL calls at these events.
    pub targets: Vec<String>,
}

/// Condition that selects the events at which targets are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventCondition {
    /// Events of one type, such as `user.locked`.
    Event(String),
    /// Events of all types with this prefix, such as `user.grant`.
    Group(String),
    /// Events of all types.
    All,
}

impl EventCondition {
    /// Returns the ids of the targets that ZITADEL calls at events of type `event`. Only one
    /// condition counts: that for exactly this type, else that for the longest prefix of the type,
    /// else that for all events.
    #[must_use]
    pub fn called_at<'a>(executions: &'a [Execution], event: &str) -> &'a [String] {
        let length = |execution: &&Execution| match &execution.condition {
            Self::Event(exact) => (exact == event).then_some(usize::MAX),
            Self::Group(group) => event.starts_with(group).then_some(group.len()),
            Self::All => Some(0),
        };
        let fitting = executions.iter().filter(|execution| length(execution).is_some());
        fitting.max_by_key(length).map_or(&[], |execution| &execution.targets)
    }

    fn json(&self) -> Value {
        match self {
            Self::Event(event) => json!({ "event": { "event": event } }),
            Self::Group(group) => json!({ "event": { "group": group } }),
            Self::All => json!({ "event": { "all": true } }),
        }
    }
}

impl Management {
    /// Reads all targets (URLs that ZITADEL calls at events) of the instance.
    ///
    /// # Errors
    /// When the call fails; [`Forbidden`](ManagementError::Forbidden) for all but managers of the
    /// instance.
    pub async fn action_targets(&self) -> Result<Vec<ActionTarget>, ManagementError> {
        let found = self.search_actions(TARGETS, "targets").await?;
        Ok(found.iter().filter_map(target).collect())
    }

    /// Reads the target (URL that ZITADEL calls at events) with this id.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn action_target(&self, id: &str) -> Result<ActionTarget, ManagementError> {
        let path = format!("{TARGETS}/{id}");
        let answer = self.get(&path).await?;
        let found = answer.get("target").and_then(target);
        found.ok_or_else(|| malformed(&Method::GET, &path))
    }

    /// Creates a webhook with `interruptOnError` false (ZITADEL goes on if a call to it fails), and
    /// returns its id and signing key.
    ///
    /// # Errors
    /// When the call fails; [`Forbidden`](ManagementError::Forbidden) for all but owners of the
    /// instance.
    pub async fn create_webhook(
        &self,
        name: &str,
        endpoint: &str,
    ) -> Result<(String, SecretString), ManagementError> {
        let body = json!({
            "name": name,
            "endpoint": endpoint,
            "timeout": TIMEOUT,
            "restWebhook": { "interruptOnError": false },
        });
        let answer = self.post(TARGETS, &body).await?;
        let read = || Some((text(&answer, "id")?, text(&answer, "signingKey")?.into()));
        read().ok_or_else(|| malformed(&Method::POST, TARGETS))
    }

    /// Removes the target (URL that ZITADEL calls at events) with this id.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn remove_action_target(&self, id: &str) -> Result<(), ManagementError> {
        self.delete(&format!("{TARGETS}/{id}")).await
    }

    /// Reads all conditions that select events, each with the targets that ZITADEL then calls.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn executions(&self) -> Result<Vec<Execution>, ManagementError> {
        let found = self.search_actions(EXECUTIONS, "executions").await?;
        Ok(found.iter().filter_map(execution).collect())
    }

    /// Sets the targets that ZITADEL calls at the events of `condition`; an empty list removes the
    /// condition.
    ///
    /// # Errors
    /// When the call fails.
    pub async fn set_execution(
        &self,
        condition: &EventCondition,
        targets: &[String],
    ) -> Result<(), ManagementError> {
        let body = json!({ "condition": condition.json(), "targets": targets });
        self.put(EXECUTIONS, &body).await.map(drop)
    }

    async fn search_actions(
        &self,
        path: &str,
        member: &str,
    ) -> Result<Vec<Value>, ManagementError> {
        let body = |offset: usize| {
            let offset = offset.to_string();
            json!({ "pagination": { "offset": offset, "limit": PAGE, "asc": true } })
        };
        self.pages(&format!("{path}/search"), member, body).await
    }
}

fn target(value: &Value) -> Option<ActionTarget> {
    let interrupts = |webhook: &Value| {
        webhook.get("interruptOnError").and_then(Value::as_bool).unwrap_or_default()
    };
    Some(ActionTarget {
        id: text(value, "id")?,
        name: text(value, "name")?,
        endpoint: text(value, "endpoint")?,
        is_quiet_webhook: value.get("restWebhook").is_some_and(|webhook| !interrupts(webhook)),
        signing_key: text(value, "signingKey")?.into(),
    })
}

/// Parses a condition and its targets; `None` if the condition selects requests or functions
/// instead of events.
fn execution(value: &Value) -> Option<Execution> {
    let event = value.get("condition")?.get("event")?;
    let condition = match (text(event, "event"), text(event, "group")) {
        (Some(exact), _) => EventCondition::Event(exact),
        (None, Some(group)) => {
            EventCondition::Group(group.strip_suffix(".*").unwrap_or(&group).to_owned())
        }
        (None, None) => EventCondition::All,
    };
    let targets = value.get("targets").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let targets = targets.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    Some(Execution { condition, targets })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_condition_takes_an_event_from_groups_and_they_from_all() {
        let set =
            |condition, target: &str| Execution { condition, targets: vec![target.to_owned()] };
        let executions = [
            set(EventCondition::All, "all"),
            set(EventCondition::Group("user.grant".to_owned()), "grant"),
            set(EventCondition::Group("user".to_owned()), "user"),
            set(EventCondition::Event("user.grant.removed".to_owned()), "exact"),
        ];
        for (event, called) in [
            ("user.grant.removed", "exact"),
            ("user.grant.added", "grant"),
            ("user.locked", "user"),
            ("org.removed", "all"),
        ] {
            assert_eq!(EventCondition::called_at(&executions, event), [called], "{event}");
        }
        assert_eq!(EventCondition::called_at(&executions[3..], "user.locked"), [""; 0]);
    }

    #[test]
    fn conditions_are_read_as_they_are_written() {
        for condition in [
            EventCondition::Event("user.locked".to_owned()),
            EventCondition::Group("user".to_owned()),
            EventCondition::All,
        ] {
            let value = json!({ "condition": condition.json(), "targets": ["1", "2"] });
            let targets = vec!["1".to_owned(), "2".to_owned()];
            assert_eq!(execution(&value), Some(Execution { condition, targets }));
        }
        let of_a_request = json!({ "condition": { "request": { "all": true } }, "targets": ["1"] });
        assert_eq!(execution(&of_a_request), None);
    }
}
