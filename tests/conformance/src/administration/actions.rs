//! Calls about a webhook; none was observed.

use serde_json::{Value, json};

use super::{Like, PAGE, Run};
use crate::Error;
use crate::management::member;
use crate::report::Outcome;

const TARGETS: &str = "/v2/actions/targets";
const EXECUTIONS: &str = "/v2/actions/executions";

/// Event at the very end of an instance.
const EVENT: &str = "instance.removed";

const TIME: &str = "2026-11-26T01:56:39Z";

impl Run<'_> {
    pub(super) async fn webhook(&mut self) -> Result<(), Error> {
        let all = json!({ "pagination": { "offset": "0", "limit": PAGE, "asc": true } });
        let listed = json!({ "pagination": {} });
        let lists = format!("{EXECUTIONS}/search");
        let set = self.call("POST", &lists, all.clone(), Like::Documented(&listed)).await?;
        let body = json!({
            "name": self.prefix.name("webhook"),
            "endpoint": "https://webhook.example.com/zitadel/events",
            "timeout": "5s",
            "restWebhook": { "interruptOnError": false },
        });
        let key = "abcdefghijklmnopqrstuvwxyzabcdefghij";
        let created =
            json!({ "id": "340000000000000800", "creationDate": TIME, "signingKey": key });
        let made = self.call("POST", TARGETS, body, Like::Documented(&created)).await?;
        let id = member(TARGETS, &made, "id")?;
        let shown = json!({
            "id": "340000000000000800", "name": "webhook", "restWebhook": {},
            "endpoint": "https://webhook.example.com/zitadel/events", "signingKey": key,
        });
        let found = json!({ "pagination": {}, "targets": [shown] });
        let is_there = |answer: &Value| answer.to_string().contains(&id);
        let lists_targets = format!("{TARGETS}/search");
        self.call_until(&lists_targets, all.clone(), Like::Documented(&found), is_there).await?;
        let path = format!("{TARGETS}/{id}");
        let shown = json!({ "target": shown });
        self.call("GET", &path, Value::Null, Like::Documented(&shown)).await?;
        self.condition(&id, &lists, &all, &set).await?;
        let gone = json!({ "deletionDate": TIME });
        self.call("DELETE", &path, Value::Null, Like::Documented(&gone)).await.map(drop)
    }

    /// Sets and removes an exact condition, unless that would take the event from another target.
    async fn condition(
        &mut self,
        id: &str,
        lists: &str,
        all: &Value,
        set: &Value,
    ) -> Result<(), Error> {
        if is_called(set) {
            let why = format!("another target is called at {EVENT}");
            self.add(format!("PUT {EXECUTIONS}"), Outcome::Skipped(why));
            return Ok(());
        }
        let condition = json!({ "event": { "event": EVENT } });
        let body = |targets: &[&str]| json!({ "condition": condition, "targets": targets });
        let done = json!({ "setDate": TIME });
        self.call("PUT", EXECUTIONS, body(&[id]), Like::Documented(&done)).await?;
        let found =
            json!({ "executions": [{ "condition": {}, "targets": ["340000000000000800"] }] });
        let is_there = |answer: &Value| answer.to_string().contains(id);
        self.call_until(lists, all.clone(), Like::Documented(&found), is_there).await?;
        self.call("PUT", EXECUTIONS, body(&[]), Like::Documented(&done)).await.map(drop)
    }
}

fn is_called(set: &Value) -> bool {
    let executions = set.get("executions").and_then(Value::as_array);
    executions.into_iter().flatten().any(|execution| {
        let event = execution.pointer("/condition/event").cloned().unwrap_or_default();
        let text = |name: &str| event.get(name).and_then(Value::as_str);
        event.get("all").is_some()
            || text("event") == Some(EVENT)
            || text("group").is_some_and(|group| EVENT.starts_with(group.trim_end_matches(".*")))
    })
}
