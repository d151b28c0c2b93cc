//! The calls of the management API that a setup makes, in its order. The form of each response is
//! compared with the observed one, or with the public API documentation if the call was not
//! observed.

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

/// Entries per page that a setup requests.
const PAGE: usize = 100;

/// Longer than any projection lags on a healthy server.
const VISIBLE_WITHIN: Duration = Duration::from_secs(10);
const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// Expected response to a call.
#[derive(Clone, Copy)]
enum Like<'a> {
    /// The first observed response to a call of the same method and path with this status, in a
    /// line that contains these texts.
    Observed(u16, &'a [&'a str]),
    /// The documented response.
    Documented(&'a Value),
}

/// Run: the calls made, and the result of each.
struct Run<'a> {
    server: &'a Server<'a>,
    prefix: &'a Prefix,
    observed: Vec<ManagementCall>,
    rows: Vec<Row>,
}

/// Makes the calls of a setup at a server, and removes the things that they created.
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

    /// Makes a call once, and compares its response.
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

    /// Makes a call until its response has the expected content, and compares that response.
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

    /// Compares a number of entries.
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

/// Returns the body of a search as a setup sends it.
fn search(queries: &Value, page: usize) -> Value {
    json!({ "query": { "offset": (page * PAGE).to_string(), "limit": PAGE }, "queries": queries })
}

/// Returns a query that finds a name regardless of case.
fn named(query: &str, member: &str, name: &str) -> Value {
    json!([{ query: { member: name, "method": "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE" } }])
}

/// Returns the entries of a list, which omits the member if it is empty.
fn entries(answer: &Value) -> &[Value] {
    answer.get("result").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn has_entries(answer: &Value) -> bool {
    !entries(answer).is_empty()
}
