//! Calls about a service user, its role assignment, its token and its manager role.

use serde_json::{Value, json};

use super::projects::details;
use super::{Like, Run, has_entries, named, search};
use crate::Error;
use crate::management::member;

const READER_ROLE: &str = "IAM_OWNER_VIEWER";

impl Run<'_> {
    pub(super) async fn service_user(&mut self) -> Result<String, Error> {
        let name = self.prefix.name("caller");
        let (path, lists) = ("/management/v1/users/machine", "/management/v1/users/_search");
        let by_name = search(&named("userNameQuery", "userName", &name.to_uppercase()), 0);
        let empty = Like::Observed(200, &["{\"details\":{\"viewTimestamp\""]);
        self.call("POST", lists, by_name.clone(), empty).await?;
        let body = json!({
            "userName": name, "name": name, "accessTokenType": "ACCESS_TOKEN_TYPE_BEARER",
        });
        let made = self.call("POST", path, body.clone(), Like::Observed(200, &[])).await?;
        self.call("POST", path, body, Like::Observed(409, &[])).await?;
        let found = Like::Observed(200, &["USER_STATE_ACTIVE"]);
        self.call_until(lists, by_name, found, has_entries).await?;
        member(path, &made, "userId")
    }

    pub(super) async fn grants(&mut self, user: &str, project: &str) -> Result<(), Error> {
        let path = format!("/management/v1/users/{user}/grants");
        let lists = "/management/v1/users/grants/_search";
        let of_project = json!({ "projectIdQuery": { "projectId": project } });
        let of_user = search(&json!([{ "userIdQuery": { "userId": user } }, of_project]), 0);
        let empty = Like::Observed(200, &["{\"details\":{\"viewTimestamp\""]);
        self.call("POST", lists, of_user.clone(), empty).await?;
        let body = |roles: &[&str]| json!({ "projectId": project, "roleKeys": roles });
        let unknown = Like::Observed(400, &["COMMAND-mm9F4"]);
        self.call("POST", &path, body(&["no-such-role"]), unknown).await?;
        let grant = body(&["role:2"]);
        let made = self.call("POST", &path, grant.clone(), Like::Observed(200, &[])).await?;
        let id = member(&path, &made, "userGrantId")?;
        self.call("POST", &path, grant, Like::Observed(409, &[])).await?;
        let found = Like::Observed(200, &["USER_GRANT_STATE_ACTIVE"]);
        self.call_until(lists, of_user, found, has_entries).await?;
        self.call("POST", lists, search(&json!([of_project]), 0), found).await?;
        let path = format!("{path}/{id}");
        let same = json!({ "roleKeys": ["role:2"] });
        self.call("PUT", &path, same, Like::Observed(400, &["COMMAND-Rs8fy"])).await?;
        let more = json!({ "roleKeys": ["role:2", "role:3"] });
        let changed = json!({ "details": details() });
        self.call("PUT", &path, more, Like::Documented(&changed)).await?;
        self.call("DELETE", &path, Value::Null, Like::Observed(200, &[])).await.map(drop)
    }

    pub(super) async fn tokens(&mut self, user: &str) -> Result<(), Error> {
        let path = format!("/management/v1/users/{user}/pats");
        let lists = format!("{path}/_search");
        let past = json!({ "expirationDate": "2020-01-01T00:00:00Z" });
        self.call("POST", &path, past, Like::Observed(400, &["DOMAIN-dv3t5"])).await?;
        let body = json!({ "expirationDate": "2100-01-01T00:00:00Z" });
        let made = self.call("POST", &path, body, Like::Observed(200, &[])).await?;
        let token = format!("{path}/{}", member(&path, &made, "tokenId")?);
        let found = Like::Observed(200, &["\"result\""]);
        self.call_until(&lists, search(&json!([]), 0), found, has_entries).await?;
        self.call("DELETE", &token, Value::Null, Like::Observed(200, &[])).await?;
        self.call("DELETE", &token, Value::Null, Like::Observed(404, &[])).await.map(drop)
    }

    pub(super) async fn instance_roles(&mut self, user: &str) -> Result<(), Error> {
        let path = "/admin/v1/members";
        let lists = format!("{path}/_search");
        let by_user = search(&json!([{ "userIdQuery": { "userId": user } }]), 0);
        let body = |role: &str| json!({ "userId": user, "roles": [role] });
        self.call("POST", path, body("NO_SUCH"), Like::Observed(400, &[])).await?;
        self.call("POST", path, body(READER_ROLE), Like::Observed(200, &[])).await?;
        self.call("POST", path, body(READER_ROLE), Like::Observed(409, &[])).await?;
        let found = Like::Observed(200, &[]);
        self.call_until(&lists, by_user, found, has_entries).await.map(drop)
    }
}
