//! Calls about applications, their secrets and keys.

use serde_json::{Value, json};

use super::projects::details;
use super::{Like, Run, has_entries, named, search};
use crate::Error;
use crate::management::member;

const EXPIRES: &str = "2100-01-01T00:00:00Z";

impl Run<'_> {
    pub(super) async fn applications(&mut self, project: &str) -> Result<(), Error> {
        let apps = format!("/management/v1/projects/{project}/apps");
        let (path, lists) = (format!("{apps}/api"), format!("{apps}/_search"));
        let by_name = search(&named("nameQuery", "name", "API"), 0);
        let empty = Like::Observed(200, &["{\"details\":{\"viewTimestamp\""]);
        self.call("POST", &lists, by_name.clone(), empty).await?;
        let app = |method: &str, name: &str| json!({ "name": name, "authMethodType": format!("API_AUTH_METHOD_TYPE_{method}") });
        let basic = app("BASIC", "api");
        let with_secret = Like::Observed(200, &["clientSecret"]);
        let made = self.call("POST", &path, basic.clone(), with_secret).await?;
        let basic_app = member(&path, &made, "appId")?;
        self.call("POST", &path, basic, Like::Observed(409, &[])).await?;
        let by_key = Like::Observed(200, &["API_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT"]);
        let made = self.call("POST", &path, app("PRIVATE_KEY_JWT", "api-key"), by_key).await?;
        let key_app = member(&path, &made, "appId")?;
        let found = Like::Observed(200, &["APP_STATE_ACTIVE"]);
        self.call_until(&lists, by_name, found, has_entries).await?;
        let path = format!("{apps}/{basic_app}/api_config/_generate_client_secret");
        self.call("POST", &path, json!({}), Like::Observed(200, &[])).await?;
        let key = json!({ "type": "KEY_TYPE_JSON", "expirationDate": EXPIRES });
        let path = format!("{apps}/{basic_app}/keys");
        self.call("POST", &path, key.clone(), Like::Observed(400, &["COMMAND-Dff54"])).await?;
        self.keys(&format!("{apps}/{key_app}/keys"), key).await?;
        let gone = json!({ "details": details() });
        let path = format!("{apps}/{basic_app}");
        self.call("DELETE", &path, Value::Null, Like::Documented(&gone)).await.map(drop)
    }

    async fn keys(&mut self, path: &str, key: Value) -> Result<(), Error> {
        let lists = format!("{path}/_search");
        let made = self.call("POST", path, key, Like::Observed(200, &[])).await?;
        let key = member(path, &made, "id")?;
        let found = Like::Observed(200, &["KEY_TYPE_JSON"]);
        self.call_until(&lists, search(&json!([]), 0), found, has_entries).await?;
        let gone = json!({ "details": details() });
        let path = format!("{path}/{key}");
        self.call("DELETE", &path, Value::Null, Like::Documented(&gone)).await.map(drop)
    }
}
