//! Removal of a run's things, and of left-overs of killed runs.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::Error;
use crate::clock::unix_now;
use crate::prefix::Prefix;
use crate::server::Server;

/// Age in seconds beyond which things are left-overs: no run takes so long.
const OLDEST_RUN: i64 = 3_600;

const TARGETS: &str = "/v2/actions/targets";
const EXECUTIONS: &str = "/v2/actions/executions";

const GONE_WITHIN: Duration = Duration::from_secs(10);

const BETWEEN_ROUNDS: Duration = Duration::from_millis(50);

/// Removes left-overs of runs that began over an hour ago.
pub(crate) async fn remove_left_overs(server: &Server<'_>) -> Result<(), Error> {
    let now = unix_now();
    let is_old = |name: &str| Prefix::time_in(name).is_some_and(|time| now - time > OLDEST_RUN);
    remove(server, Prefix::of_all_runs(), is_old).await
}

pub(crate) async fn remove_own(server: &Server<'_>, prefix: &Prefix) -> Result<(), Error> {
    let prefix = prefix.to_string();
    remove(server, &prefix, |name| name.starts_with(&prefix)).await
}

/// Ends sessions; one that has ended is no error.
pub(crate) async fn end_sessions(server: &Server<'_>, sessions: &[String]) {
    for session in sessions {
        let path = format!("/v2/sessions/{session}");
        let _ended = server.call("DELETE", &path, Some(&json!({}))).await;
    }
}

/// Removes users, projects and targets until none is found.
async fn remove(
    server: &Server<'_>,
    beginning: &str,
    is_meant: impl Fn(&str) -> bool,
) -> Result<(), Error> {
    let deadline = Instant::now() + GONE_WITHIN;
    loop {
        let mut found = Vec::new();
        for (kind, query, member) in
            [("users", "userNameQuery", "userName"), ("projects", "nameQuery", "name")]
        {
            for (id, name) in named(server, kind, query, member, beginning).await? {
                if is_meant(&name) {
                    found.push((format!("/management/v1/{kind}/{id}"), name));
                }
            }
        }
        for (id, name) in targets(server).await {
            if is_meant(&name) {
                release(server, &id).await?;
                found.push((format!("{TARGETS}/{id}"), name));
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        let mut failed = None;
        for (path, _) in &found {
            match server.delete(path).await {
                // A removed thing may still be found for a moment.
                Err(Error::Refused { status, .. }) if status.as_u16() == 404 => {}
                // The others are still removed.
                Err(error) => failed = Some(error),
                Ok(()) => {}
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if let Some((_, name)) = found.first().filter(|_| Instant::now() > deadline) {
            return Err(Error::NotVisible(format!("the end of {name}")));
        }
        sleep(BETWEEN_ROUNDS).await;
    }
}

/// Returns ids and names of all targets; none if the server lacks the API.
async fn targets(server: &Server<'_>) -> Vec<(String, String)> {
    let body = json!({ "pagination": { "limit": 1000 } });
    let answer = server.post(&format!("{TARGETS}/search"), body).await.unwrap_or_default();
    let targets = answer.get("targets").and_then(Value::as_array).cloned().unwrap_or_default();
    targets.iter().filter_map(|one| Some((text(one, "id")?, text(one, "name")?))).collect()
}

/// Removes a target from every condition.
async fn release(server: &Server<'_>, target: &str) -> Result<(), Error> {
    let body = json!({ "pagination": { "limit": 1000 } });
    let answer = server.post(&format!("{EXECUTIONS}/search"), body).await?;
    let set = answer.get("executions").and_then(Value::as_array).cloned().unwrap_or_default();
    for execution in set {
        let targets = execution.get("targets").and_then(Value::as_array).cloned();
        let mut rest = targets.unwrap_or_default();
        let before = rest.len();
        rest.retain(|id| id != target);
        if rest.len() < before {
            let body = json!({ "condition": execution.get("condition"), "targets": rest });
            server.call("PUT", EXECUTIONS, Some(&body)).await?;
        }
    }
    Ok(())
}

/// Returns ids and names of users or projects with this prefix.
async fn named(
    server: &Server<'_>,
    kind: &str,
    query: &str,
    member: &str,
    beginning: &str,
) -> Result<Vec<(String, String)>, Error> {
    let begins = json!({ member: beginning, "method": "TEXT_QUERY_METHOD_STARTS_WITH" });
    let body = json!({ "query": { "limit": 1000 }, "queries": [{ query: begins }] });
    let answer = server.post(&format!("/management/v1/{kind}/_search"), body).await?;
    let result = answer.get("result").and_then(Value::as_array).cloned().unwrap_or_default();
    Ok(result.iter().filter_map(|one| Some((text(one, "id")?, text(one, member)?))).collect())
}

fn text(one: &Value, member: &str) -> Option<String> {
    one.get(member)?.as_str().map(str::to_owned)
}
