//! Calls about a project and its roles, and the final removals.

use serde_json::{Value, json};

use super::{Like, PAGE, Run, has_entries, named, search};
use crate::Error;
use crate::management::member;

/// Number of roles: more than a page.
const ROLES: usize = PAGE + 2;

impl Run<'_> {
    pub(super) async fn project(&mut self) -> Result<String, Error> {
        let name = self.prefix.name("Administration");
        let (path, lists) = ("/management/v1/projects", "/management/v1/projects/_search");
        let by_name = search(&named("nameQuery", "name", &name.to_uppercase()), 0);
        let empty = Like::Observed(200, &["{\"details\":{\"viewTimestamp\""]);
        self.call("POST", lists, by_name.clone(), empty).await?;
        let body = json!({ "name": name });
        let made = self.call("POST", path, body.clone(), Like::Observed(200, &[])).await?;
        self.call("POST", path, body, Like::Observed(409, &[])).await?;
        let other_case = json!({ "name": name.to_lowercase() });
        self.call("POST", path, other_case, Like::Observed(409, &[])).await?;
        let found = Like::Observed(200, &["PROJECT_STATE_ACTIVE"]);
        self.call_until(lists, by_name, found, has_entries).await?;
        member(path, &made, "id")
    }

    pub(super) async fn roles(&mut self, project: &str) -> Result<(), Error> {
        let roles = format!("/management/v1/projects/{project}/roles");
        let (bulk, lists) = (format!("{roles}/_bulk"), format!("{roles}/_search"));
        let empty = Like::Observed(200, &["{\"details\":{\"viewTimestamp\""]);
        self.call("POST", &lists, search(&json!([]), 0), empty).await?;
        let role = |number: usize| {
            let key = format!("role:{number}");
            json!({ "key": key, "displayName": key })
        };
        let all: Vec<Value> = (0..ROLES).map(role).collect();
        let body = json!({ "roles": all });
        self.call("POST", &bulk, body, Like::Observed(200, &[])).await?;
        // All or none: the other role is not added either.
        let body = json!({ "roles": [role(0), role(ROLES)] });
        self.call("POST", &bulk, body, Like::Observed(409, &[])).await?;
        let first = Like::Observed(200, &["\"result\""]);
        let total = ROLES.to_string();
        let all_there = |answer: &Value| {
            answer.pointer("/details/totalResult").and_then(Value::as_str) == Some(&total)
        };
        let page = self.call_until(&lists, search(&json!([]), 0), first, all_there).await?;
        self.count("a page of roles", &page, PAGE);
        let page = self.call("POST", &lists, search(&json!([]), 1), first).await?;
        self.count("the page of roles after it", &page, ROLES - PAGE);
        let gone = json!({ "details": details() });
        let path = format!("{roles}/role:1");
        self.call("DELETE", &path, Value::Null, Like::Documented(&gone)).await.map(drop)
    }

    pub(super) async fn end(&mut self, user: &str, project: &str) -> Result<(), Error> {
        let gone = json!({ "details": details() });
        let path = format!("/management/v1/users/{user}");
        self.call("DELETE", &path, Value::Null, Like::Documented(&gone)).await?;
        let path = format!("/management/v1/projects/{project}");
        self.call("DELETE", &path, Value::Null, Like::Observed(200, &[])).await.map(drop)
    }
}

/// Members in the response to every change.
pub(super) fn details() -> Value {
    json!({
        "sequence": "1",
        "changeDate": "2026-11-26T01:56:39Z",
        "resourceOwner": "340000000000000200",
    })
}
