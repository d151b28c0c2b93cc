//! Calls of the management API v1, and of v2 for people and sessions.

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::exchange::{Answer, Request};
use crate::server::Server;
use crate::{Error, Secret};

#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) secret: Option<Secret>,
}

/// Content of a `key.json` from the server.
pub(crate) struct KeyFile(pub(crate) Secret);

#[derive(Clone, Copy)]
pub(crate) enum FrontEnd {
    /// Native, PKCE, opaque access tokens.
    Opaque,
    /// Native, PKCE, JWT access tokens.
    Jwt,
    /// On a web server, with a secret.
    Web,
}

pub(crate) const CALLBACK: &str = "http://localhost/callback";

impl Server<'_> {
    /// Calls as the administrator; returns a response of any status.
    pub(crate) async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Error> {
        let mut request = Request::new(method, path)
            .header("Authorization", format!("Bearer {}", self.administrator()));
        if let Some(body) = body {
            request = request.header("Content-Type", "application/json");
            request.body = Some(body.to_string());
        }
        self.send(&request).await
    }

    /// Calls as the administrator.
    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Error> {
        let answer = self.ask(method, path, body).await?;
        let parsed: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if answer.status == 200 || answer.status == 201 {
            return Ok(parsed);
        }
        let status = StatusCode::from_u16(answer.status).unwrap_or_default();
        let message = parsed.get("message").and_then(Value::as_str).unwrap_or("(no message)");
        // A path contains ids and names, no secret.
        Err(Error::Refused {
            call: format!("{method} {path}"),
            status,
            message: message.to_owned(),
        })
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Result<Value, Error> {
        self.call("POST", path, Some(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Error> {
        self.call("DELETE", path, None).await.map(drop)
    }

    /// Returns the server's version if available.
    pub(crate) async fn version(&self) -> Option<String> {
        let answer = self.call("GET", "/admin/v1/instances/me", None).await.ok()?;
        answer.get("instance")?.get("version")?.as_str().map(str::to_owned)
    }

    pub(crate) async fn add_project(&self, name: &str) -> Result<String, Error> {
        let path = "/management/v1/projects";
        member(path, &self.post(path, json!({ "name": name })).await?, "id")
    }

    pub(crate) async fn add_role(&self, project: &str, role: &str) -> Result<(), Error> {
        let path = format!("/management/v1/projects/{project}/roles");
        self.post(&path, json!({ "roleKey": role, "displayName": role })).await.map(drop)
    }

    pub(crate) async fn add_api(
        &self,
        project: &str,
        name: &str,
        with_secret: bool,
    ) -> Result<App, Error> {
        let method = if with_secret { "BASIC" } else { "PRIVATE_KEY_JWT" };
        let body =
            json!({ "name": name, "authMethodType": format!("API_AUTH_METHOD_TYPE_{method}") });
        let path = format!("/management/v1/projects/{project}/apps/api");
        app(&path, &self.post(&path, body).await?)
    }

    pub(crate) async fn add_front_end(
        &self,
        project: &str,
        name: &str,
        kind: FrontEnd,
    ) -> Result<App, Error> {
        let (app_type, method) = match kind {
            FrontEnd::Opaque | FrontEnd::Jwt => ("NATIVE", "NONE"),
            FrontEnd::Web => ("WEB", "BASIC"),
        };
        let (token, callback) = match kind {
            FrontEnd::Opaque => ("BEARER", CALLBACK),
            FrontEnd::Jwt => ("JWT", CALLBACK),
            FrontEnd::Web => ("BEARER", "https://app.example.com/callback"),
        };
        let body = json!({
            "name": name,
            "redirectUris": [callback],
            "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
            "grantTypes": ["OIDC_GRANT_TYPE_AUTHORIZATION_CODE", "OIDC_GRANT_TYPE_REFRESH_TOKEN"],
            "appType": format!("OIDC_APP_TYPE_{app_type}"),
            "authMethodType": format!("OIDC_AUTH_METHOD_TYPE_{method}"),
            "accessTokenType": format!("OIDC_TOKEN_TYPE_{token}"),
        });
        let path = format!("/management/v1/projects/{project}/apps/oidc");
        app(&path, &self.post(&path, body).await?)
    }

    /// Adds a key to an application or a service user, whose keys have this path.
    pub(crate) async fn add_key(
        &self,
        path: &str,
        expires_at: &str,
    ) -> Result<(String, KeyFile), Error> {
        use base64::Engine as _;
        let body = json!({ "type": "KEY_TYPE_JSON", "expirationDate": expires_at });
        let answer = self.post(path, body).await?;
        let id = answer.get("id").or_else(|| answer.get("keyId")).and_then(Value::as_str);
        let id = id.unwrap_or_default().to_owned();
        let details = member(path, &answer, "keyDetails")?;
        let decoded = base64::engine::general_purpose::STANDARD.decode(details);
        let text = decoded.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        Ok((id, KeyFile(Secret::new(text.ok_or(Error::Key("it is no base64 of text"))?))))
    }

    pub(crate) async fn add_service_user(&self, name: &str, jwt: bool) -> Result<String, Error> {
        let kind = if jwt { "ACCESS_TOKEN_TYPE_JWT" } else { "ACCESS_TOKEN_TYPE_BEARER" };
        let path = "/management/v1/users/machine";
        let body = json!({ "userName": name, "name": name, "accessTokenType": kind });
        member(path, &self.post(path, body).await?, "userId")
    }

    pub(crate) async fn add_pat(
        &self,
        user: &str,
        expires_at: &str,
    ) -> Result<(String, Secret), Error> {
        let path = format!("/management/v1/users/{user}/pats");
        let answer = self.post(&path, json!({ "expirationDate": expires_at })).await?;
        Ok((member(&path, &answer, "tokenId")?, Secret::new(member(&path, &answer, "token")?)))
    }

    /// Creates a service user's client secret; its client id is its user name.
    pub(crate) async fn add_user_secret(&self, user: &str) -> Result<(String, Secret), Error> {
        let path = format!("/management/v1/users/{user}/secret");
        let answer = self.call("PUT", &path, Some(&json!({}))).await?;
        let secret = Secret::new(member(&path, &answer, "clientSecret")?);
        Ok((member(&path, &answer, "clientId")?, secret))
    }

    pub(crate) async fn add_grant(
        &self,
        user: &str,
        project: &str,
        role: &str,
    ) -> Result<(), Error> {
        let path = format!("/management/v1/users/{user}/grants");
        let body = json!({ "projectId": project, "roleKeys": [role] });
        self.post(&path, body).await.map(drop)
    }

    /// Calls a method without a body, such as `_deactivate`.
    pub(crate) async fn order(&self, thing: &str, order: &str) -> Result<(), Error> {
        self.post(&format!("/management/v1/{thing}/{order}"), json!({})).await.map(drop)
    }
}

pub(crate) fn member(call: &str, answer: &Value, name: &str) -> Result<String, Error> {
    let found = answer.get(name).and_then(Value::as_str);
    let missing = || Error::Missing { call: call.to_owned(), member: name.to_owned() };
    found.map(str::to_owned).ok_or_else(missing)
}

fn app(path: &str, answer: &Value) -> Result<App, Error> {
    let secret = answer.get("clientSecret").and_then(Value::as_str);
    Ok(App {
        id: member(path, answer, "appId")?,
        client_id: member(path, answer, "clientId")?,
        secret: secret.map(Secret::new),
    })
}
