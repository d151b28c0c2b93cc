//! A management API caller.

use serde_json::{Value, json};
use zitadel_double::ZitadelDouble;

use crate::resource_server::{Got, http, send, with_json};

/// An instance and a token for its management API.
pub(crate) struct Manager {
    base: String,
    token: String,
}

impl Manager {
    pub(crate) fn administrator(double: &ZitadelDouble) -> Self {
        Self::with_token(double, &double.administrator())
    }

    pub(crate) fn with_token(double: &ZitadelDouble, token: &str) -> Self {
        Self { base: double.issuer().to_owned(), token: token.to_owned() }
    }

    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        let request = http().request(method, format!("{}{path}", self.base));
        let request = request.bearer_auth(&self.token);
        if body.is_null() { request } else { with_json(request, body) }
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Got {
        send(self.request(method, path, body)).await
    }

    /// Returns the response to a call that must succeed.
    pub(crate) async fn done(&self, method: &str, path: &str, body: &Value) -> Value {
        let got = self.call(method, path, body).await;
        assert_eq!(got.status, 200, "{method} {path}: {}", got.body);
        got.json()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        self.done("POST", path, &body).await
    }

    /// Returns a text from the response to a POST.
    pub(crate) async fn id(&self, path: &str, body: Value, member: &str) -> String {
        self.post(path, body).await[member].as_str().expect("an id").to_owned()
    }

    pub(crate) async fn delete(&self, path: &str) -> Value {
        self.done("DELETE", path, &Value::Null).await
    }

    /// Returns status and message of a call that must be refused.
    pub(crate) async fn refused(&self, method: &str, path: &str, body: Value) -> (u16, String) {
        let got = self.call(method, path, &body).await;
        assert!(got.status >= 400, "{method} {path}: {}", got.body);
        (got.status, got.json()["message"].as_str().expect("a message").to_owned())
    }

    /// Returns a member of every row in a list.
    pub(crate) async fn listed(&self, path: &str, queries: Value, member: &str) -> Vec<String> {
        let answer = self.post(path, json!({ "queries": queries })).await;
        let rows = answer["result"].as_array().cloned().unwrap_or_default();
        rows.iter().map(|row| row[member].as_str().expect("a text").to_owned()).collect()
    }

    pub(crate) async fn project(&self, name: &str) -> String {
        self.id("/management/v1/projects", json!({ "name": name }), "id").await
    }

    pub(crate) async fn service_user(&self, name: &str) -> String {
        let body = json!({ "userName": name, "name": name });
        self.id("/management/v1/users/machine", body, "userId").await
    }

    pub(crate) async fn pat(&self, user: &str) -> String {
        self.id(&format!("/management/v1/users/{user}/pats"), json!({}), "token").await
    }
}
