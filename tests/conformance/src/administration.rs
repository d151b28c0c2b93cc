//! Calls of a setup to the management API, in its order. Each response is compared with the
//! observed one or, if there is none, with the public API documentation.

mod actions;
mod applications;
mod form;
mod projects;
#[cfg(test)]
mod tests;
mod users;

use std::time::Duration;

use observed::{ManagementCall, management};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::Error;
use crate::cleanup::{remove_left_overs, remove_own};
use crate::form::Strictness;
use crate::prefix::Prefix;
use crate::report::{Outcome, Report, Row};
use crate::server::Server;

/// Page size of a setup's lists.
const PAGE: usize = 100;

/// Longer than any projection lags on a healthy server.
const VISIBLE_WITHIN: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// Expected response to a call.
#[derive(Clone, Copy)]
enum Like<'a> {
    /// First observed response of this status to the method and path, in a line with these texts.
    Observed(u16, &'a [&'a str]),
    Documented(&'a Value),
}

struct Run<'a> {
    server: &'a Server<'a>,
    prefix: &'a Prefix,
    observed: Vec<ManagementCall>,
    rows: Vec<Row>,
}

/// Makes the calls of a setup, and removes what they created.
///
/// # Errors
/// If left-overs of earlier runs cannot be removed.
pub async fn run_administration(server: &Server<'_>) -> Result<Report, Error> {
    remove_left_overs(server).await?;
    let prefix = Prefix::of_this_run();
    let mut run = Run { server, prefix: &prefix, observed: management(), rows: Vec::new() };
    let made = run.everything().await;
    let removed = remove_own(server, &prefix).await;
    for (part, ended) in [("(calls)", made), ("(clean-up)", removed)] {
        if let Err(error) = ended {
            run.add(part.to_owned(), Outcome::Different(vec![error.with_causes()]));
        }
    }
    Ok(Report::new(server, server.version().await, run.rows))
}

impl Run<'_> {
    async fn everything(&mut self) -> Result<(), Error> {
        self.own_rights().await?;
        let project = self.project().await?;
        self.roles(&project).await?;
        self.applications(&project).await?;
        let user = self.service_user().await?;
        self.grants(&user, &project).await?;
        self.tokens(&user).await?;
        self.instance_roles(&user).await?;
        self.webhook().await?;
        self.end(&user, &project).await
    }

    async fn own_rights(&mut self) -> Result<(), Error> {
        let observed = Like::Observed(200, &[]);
        self.call("GET", "/management/v1/orgs/me", Value::Null, observed).await?;
        let me = json!({ "user": { "id": "340000000000000100", "userName": "setup" } });
        self.call("GET", "/auth/v1/users/me", Value::Null, Like::Documented(&me)).await?;
        let path = "/auth/v1/permissions/zitadel/me/_search";
        self.call("POST", path, json!({}), observed).await.map(drop)
    }

    /// Makes a call once and compares.
    async fn call(
        &mut self,
        method: &str,
        path: &str,
        body: Value,
        like: Like<'_>,
    ) -> Result<Value, Error> {
        let (status, answer) = self.ask(method, path, &body).await?;
        self.compare(method, path, like, (status, &answer));
        Ok(answer)
    }

    /// Repeats a call until its response has the expected content, then compares.
    async fn call_until(
        &mut self,
        path: &str,
        body: Value,
        like: Like<'_>,
        is_there: impl Fn(&Value) -> bool,
    ) -> Result<Value, Error> {
        let deadline = Instant::now() + VISIBLE_WITHIN;
        loop {
            let (status, answer) = self.ask("POST", path, &body).await?;
            if is_there(&answer) || Instant::now() > deadline {
                self.compare("POST", path, like, (status, &answer));
                return Ok(answer);
            }
            sleep(BETWEEN_TRIES).await;
        }
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Result<(u16, Value), Error> {
        let body = (!body.is_null()).then_some(body);
        let answer = self.server.ask(method, path, body).await?;
        Ok((answer.status, serde_json::from_str(&answer.body).unwrap_or_default()))
    }

    fn compare(&mut self, method: &str, path: &str, like: Like<'_>, answer: (u16, &Value)) {
        let (status, answer) = answer;
        let place = form::pattern(path);
        let strictness = self.server.strictness();
        let (expected, found) = match like {
            Like::Documented(documented) => {
                (200, Some(form::differences(documented, answer, Strictness::Tolerant)))
            }
            Like::Observed(expected, texts) => {
                let is_like = |call: &&ManagementCall| {
                    let line = json!([call.body, call.answer]).to_string();
                    call.method == method
                        && form::pattern(&call.path) == place
                        && call.status == expected
                        && texts.iter().all(|text| line.contains(text))
                };
                let observed = self.observed.iter().find(is_like);
                let compared =
                    observed.map(|call| form::differences(&call.answer, answer, strictness));
                (expected, compared)
            }
        };
        let source = match like {
            Like::Observed(..) => "",
            Like::Documented(_) => ", by the public API's documentation",
        };
        let mut different = found.unwrap_or_else(|| vec!["it was not observed".to_owned()]);
        if status != expected {
            different.insert(0, format!("status {status} for {expected}"));
        }
        let outcome =
            if different.is_empty() { Outcome::Same } else { Outcome::Different(different) };
        self.add(format!("{method} {place} ({expected}{source})"), outcome);
    }

    fn count(&mut self, what: &str, answer: &Value, expected: usize) {
        let found = entries(answer).len();
        let outcome = if found == expected {
            Outcome::Same
        } else {
            Outcome::Different(vec![format!("{found} entries for {expected}")])
        };
        self.add(what.to_owned(), outcome);
    }

    fn add(&mut self, case: String, outcome: Outcome) {
        self.rows.push(Row { case, outcome });
    }
}

/// Returns the body of a setup's search.
fn search(queries: &Value, page: usize) -> Value {
    json!({ "query": { "offset": (page * PAGE).to_string(), "limit": PAGE }, "queries": queries })
}

/// Returns a case-insensitive query for a name.
fn named(query: &str, member: &str, name: &str) -> Value {
    json!([{ query: { member: name, "method": "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE" } }])
}

/// Returns the entries of a list; an empty list is absent.
fn entries(answer: &Value) -> &[Value] {
    answer.get("result").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn has_entries(answer: &Value) -> bool {
    !entries(answer).is_empty()
}
