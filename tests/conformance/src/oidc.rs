//! The token endpoint, and logins of people through sessions v2.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::exchange::Request;
use crate::management::{App, CALLBACK, member};
use crate::server::Server;
use crate::visible::Deadline;
use crate::{Error, Secret};

const TOKEN: &str = "/oauth/v2/token";

#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: Secret,
    /// Requires the scope `offline_access`.
    pub(crate) refresh: Option<Secret>,
    pub(crate) id: Option<Secret>,
}

impl Server<'_> {
    /// Gets a service user's token by its client secret.
    pub(crate) async fn client_credentials(
        &self,
        (client_id, secret): &(String, Secret),
        scope: &str,
    ) -> Result<Secret, Error> {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("client_secret", secret.reveal()),
            ("scope", scope),
        ];
        Ok(self.tokens_once_visible(&form).await?.access)
    }

    /// Gets a service user's token by its key.
    pub(crate) async fn jwt_profile(&self, assertion: &str, scope: &str) -> Result<Secret, Error> {
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let form = [("grant_type", grant), ("assertion", assertion), ("scope", scope)];
        Ok(self.tokens_once_visible(&form).await?.access)
    }

    /// Exchanges a refresh token; the previous access token becomes invalid.
    pub(crate) async fn refresh(&self, app: &App, token: &Secret) -> Result<Tokens, Error> {
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", &app.client_id),
            ("refresh_token", token.reveal()),
        ];
        self.tokens(&form).await
    }

    pub(crate) async fn revoke(&self, app: &App, token: &Secret) -> Result<(), Error> {
        let path = "/oauth/v2/revoke";
        let form = [("client_id", app.client_id.as_str()), ("token", token.reveal())];
        let answer = self.send(&Request::new("POST", path).form(form)).await?;
        if answer.status == 200 { Ok(()) } else { Err(refused(path, answer.status, &answer.body)) }
    }

    /// Begins a session by name and password; returns id and token.
    pub(crate) async fn begin_session(
        &self,
        user: &str,
        password: &Secret,
    ) -> Result<(String, Secret), Error> {
        let path = "/v2/sessions";
        let checks =
            json!({ "user": { "userId": user }, "password": { "password": password.reveal() } });
        let answer = self.post(path, json!({ "checks": checks })).await?;
        Ok((
            member(path, &answer, "sessionId")?,
            Secret::new(member(path, &answer, "sessionToken")?),
        ))
    }

    /// Runs the code flow with PKCE for a session, like a custom login page.
    pub(crate) async fn code_flow(
        &self,
        (session, session_token): &(String, Secret),
        app: &App,
        scope: &str,
        login_client: &str,
    ) -> Result<Tokens, Error> {
        let verifier: String = std::iter::repeat_with(fastrand::alphanumeric).take(64).collect();
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        let query = encoded(&[
            ("client_id", app.client_id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", scope),
            ("state", "conformance"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]);
        let path = "/oauth/v2/authorize";
        let request = Request::new("GET", format!("{path}?{query}"))
            .header("x-zitadel-login-client", login_client);
        let answer = self.send(&request).await?;
        let Some(location) = answer.header("location") else {
            return Err(refused(path, answer.status, &answer.body));
        };
        let request = parameter(location, "authRequest", path)?;
        let path = format!("/v2/oidc/auth_requests/{request}");
        let linked =
            json!({ "session": { "sessionId": session, "sessionToken": session_token.reveal() } });
        let answer = self.post(&path, linked).await?;
        let code = parameter(&member(&path, &answer, "callbackUrl")?, "code", &path)?;
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", &app.client_id),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", &verifier),
        ];
        self.tokens(&form).await
    }

    /// Gets tokens of a user that may not be visible yet.
    async fn tokens_once_visible(&self, form: &[(&str, &str)]) -> Result<Tokens, Error> {
        let deadline = Deadline::begin();
        loop {
            match self.tokens(form).await {
                Err(error) if deadline.allows_after(&error).await => {}
                outcome => return outcome,
            }
        }
    }

    async fn tokens(&self, form: &[(&str, &str)]) -> Result<Tokens, Error> {
        let request = Request::new("POST", TOKEN).form(form.iter().copied());
        let answer = self.send(&request).await?;
        if answer.status != 200 {
            return Err(refused(TOKEN, answer.status, &answer.body));
        }
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let text = |name| body.get(name).and_then(Value::as_str).map(Secret::new);
        Ok(Tokens {
            access: Secret::new(member(TOKEN, &body, "access_token")?),
            refresh: text("refresh_token"),
            id: text("id_token"),
        })
    }
}

fn refused(path: &str, status: u16, body: &str) -> Error {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let text = |name| body.get(name).and_then(Value::as_str).unwrap_or_default();
    Error::Refused {
        call: path.to_owned(),
        status: StatusCode::from_u16(status).unwrap_or_default(),
        message: format!("{} {}", text("error"), text("error_description")),
    }
}

fn encoded(parameters: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// Returns a query parameter of an absolute or relative URL.
fn parameter(address: &str, name: &str, call: &str) -> Result<String, Error> {
    let missing = || Error::Missing { call: call.to_owned(), member: name.to_owned() };
    let base = Url::parse("http://localhost").map_err(|_| missing())?;
    let address = base.join(address).map_err(|_| missing())?;
    let found = address.query_pairs().find(|(known, _)| known == name);
    found.map(|(_, value)| value.into_owned()).ok_or_else(missing)
}
