//! A front end and its login client: logins without a browser.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use zitadel_double::ZitadelDouble;

use crate::manager::Manager;
use crate::resource_server::{Got, http, send};

pub(crate) const REDIRECT_URI: &str = "http://localhost:5555/callback";
pub(crate) const VERIFIER: &str = "a-verifier-of-more-than-forty-three-characters-is-needed";
pub(crate) const PASSWORD: &str = "Passw0rd!";

/// A public front end in its own project, and a person with a password.
pub(crate) struct LoginClient {
    pub(crate) double: ZitadelDouble,
    pub(crate) admin: Manager,
    pub(crate) client_id: String,
    pub(crate) ada: String,
}

pub(crate) struct LoggedIn {
    pub(crate) session: String,
    pub(crate) session_token: String,
    pub(crate) callback: String,
}

impl LoggedIn {
    /// Returns a parameter of the callback URL.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        let (_, query) = self.callback.split_once('?').expect("a query");
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(known, _)| *known == name).map(|(_, value)| value).expect("a parameter")
    }
}

impl LoginClient {
    pub(crate) async fn start() -> Self {
        let double = ZitadelDouble::start().await;
        let admin = Manager::administrator(&double);
        let apps = format!("/management/v1/projects/{}/apps/oidc", double.project_id());
        let app = json!({
            "name": "front end", "redirectUris": ["http://localhost/callback"],
            "appType": "OIDC_APP_TYPE_NATIVE", "authMethodType": "OIDC_AUTH_METHOD_TYPE_NONE",
            "responseTypes": ["OIDC_RESPONSE_TYPE_CODE"],
            "grantTypes": [
                "OIDC_GRANT_TYPE_AUTHORIZATION_CODE", "OIDC_GRANT_TYPE_REFRESH_TOKEN",
            ],
        });
        let client_id = admin.id(&apps, app, "clientId").await;
        let ada = json!({
            "userName": "ada", "password": PASSWORD,
            "profile": { "firstName": "Ada", "lastName": "Lovelace" },
            "email": { "email": "ada@example.test", "isEmailVerified": true },
        });
        let ada = admin.id("/management/v1/users/human/_import", ada, "userId").await;
        Self { double, admin, client_id, ada }
    }

    /// Requests authorization; the header `login_client` requests login version 2.
    pub(crate) async fn authorize(
        &self,
        changes: &[(&str, &str)],
        login_client: Option<&str>,
    ) -> (u16, String) {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()));
        let mut parameters = vec![
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", REDIRECT_URI),
            ("response_type", "code"),
            ("scope", "openid profile email offline_access unknown"),
            ("state", "a state"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            parameters.retain(|(known, _)| known != name);
            parameters.push((name, value));
        }
        let url = format!("{}/oauth/v2/authorize", self.double.issuer());
        let mut request = http().get(url).query(&parameters);
        if let Some(id) = login_client {
            request = request.header("x-zitadel-login-client", id);
        }
        let response = request.send().await.expect("an answer");
        let location = response.headers().get("location");
        let location = location.map(|value| value.to_str().expect("text").to_owned());
        (response.status().as_u16(), location.unwrap_or_default())
    }

    /// Returns a new authorization request's id.
    pub(crate) async fn auth_request(&self) -> String {
        let administrator = self.double.user_of(&self.double.administrator());
        let (status, location) = self.authorize(&[], Some(administrator.as_str())).await;
        assert_eq!(status, 302);
        location.split_once("authRequest=").expect("a request").1.to_owned()
    }

    /// Creates a session, with or without a password check.
    pub(crate) async fn session(&self, password: Option<&str>) -> Got {
        let user = json!({ "loginName": "ADA" });
        let checks = match password {
            Some(password) => json!({ "user": user, "password": { "password": password } }),
            None => json!({ "user": user }),
        };
        self.admin.call("POST", "/v2/sessions", &json!({ "checks": checks })).await
    }

    /// Links a session to an authorization request.
    pub(crate) async fn link(&self, request: &str, session: &Value) -> Got {
        let path = format!("/v2/oidc/auth_requests/{request}");
        let session = json!({
            "sessionId": session["sessionId"], "sessionToken": session["sessionToken"],
        });
        self.admin.call("POST", &path, &json!({ "session": session })).await
    }

    /// Logs in, up to the callback URL.
    pub(crate) async fn log_in(&self) -> LoggedIn {
        let request = self.auth_request().await;
        let session = self.session(Some(PASSWORD)).await;
        assert_eq!(session.status, 201, "{}", session.body);
        let session = session.json();
        let linked = self.link(&request, &session).await;
        assert_eq!(linked.status, 200, "{}", linked.body);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        LoggedIn {
            session: text(&session["sessionId"]),
            session_token: text(&session["sessionToken"]),
            callback: text(&linked.json()["callbackUrl"]),
        }
    }

    /// Posts a form with the front end's client id.
    pub(crate) async fn form(&self, path: &str, form: &[(&str, &str)]) -> Got {
        let client = ("client_id", self.client_id.as_str());
        let form: Vec<_> = std::iter::once(client).chain(form.iter().copied()).collect();
        send(http().post(format!("{}{path}", self.double.issuer())).form(&form)).await
    }

    pub(crate) async fn exchange(&self, code: &str, verifier: &str) -> Got {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", REDIRECT_URI),
            ("code_verifier", verifier),
        ];
        self.form("/oauth/v2/token", &form).await
    }

    pub(crate) async fn refresh(&self, refresh_token: &str) -> Got {
        let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        self.form("/oauth/v2/token", &form).await
    }

    /// Returns the tokens of a login.
    pub(crate) async fn tokens(&self) -> Value {
        let login = self.log_in().await;
        let got = self.exchange(login.parameter("code"), VERIFIER).await;
        assert_eq!(got.status, 200, "{}", got.body);
        got.json()
    }
}
