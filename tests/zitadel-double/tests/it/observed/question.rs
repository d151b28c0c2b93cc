//! Observed requests and their responses.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::Value;

use super::signed_assertion::signed;
use super::{Observed, Stage, find};
use crate::resource_server::{basic, http};

const FORM: &str = "application/x-www-form-urlencoded";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(super) struct Question {
    method: Method,
    path: String,
    host: String,
    headers: Vec<(String, String)>,
    fields: Option<Vec<(String, String)>>,
}

pub(super) struct Answer {
    pub(super) status: u16,
    /// Lower-case names; several values are joined by commas.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: String,
}

impl Question {
    /// Introspection request without client authentication.
    fn introspection(token: &str) -> Self {
        Self {
            method: Method::POST,
            path: "/oauth/v2/introspect".to_owned(),
            host: "localhost:8080".to_owned(),
            headers: vec![("content-type".to_owned(), FORM.to_owned())],
            fields: Some(vec![("token".to_owned(), token.to_owned())]),
        }
    }

    /// Introspection request of the API.
    pub(super) fn about(stage: &Stage, token: &str) -> Self {
        let double = &stage.double;
        Self::by(double.client_id().as_str(), &double.client_secret(), token)
    }

    /// Introspection request of an application with a secret.
    pub(super) fn by(client_id: &str, secret: &str, token: &str) -> Self {
        let mut question = Self::introspection(token);
        question.headers.push(("authorization".to_owned(), basic(client_id, secret)));
        question
    }

    /// Introspection request of an application with an assertion.
    pub(super) fn with_assertion(assertion: &str) -> Self {
        let mut question = Self::introspection("no-such-token");
        let fields = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        question.fields = question.fields.map(|form| form.into_iter().chain(fields).collect());
        question
    }

    /// Observed request with ids, secrets, tokens and assertions of the double.
    pub(super) fn replay(stage: &Stage, observed: &Observed) -> Self {
        let asked = &observed.asked;
        let text = |name: &str| asked[name].as_str().unwrap().to_owned();
        let headers = asked["headers"].as_object().into_iter().flatten();
        let mut headers: Vec<(String, String)> =
            headers.map(|(name, value)| (name.clone(), value.as_str().unwrap().into())).collect();
        if let Some(authorization) = asked.get("authorization") {
            let value = own_authorization(stage, authorization);
            headers.push(("authorization".to_owned(), value));
        }
        let fields = asked["form"].as_array().map(|fields| {
            let field = |pair: &Value| {
                let name = pair[0].as_str().unwrap();
                (name.to_owned(), own_field(stage, name, &pair[1]))
            };
            fields.iter().map(field).collect()
        });
        let method = text("method").parse().unwrap();
        Self { method, path: text("path"), host: text("host"), headers, fields }
    }

    /// Replaces the value of a field.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        let fields = self.fields.iter_mut().flatten();
        for (_, old) in fields.filter(|(known, _)| known == name) {
            value.clone_into(old);
        }
        self
    }

    pub(super) async fn ask(self, stage: &Stage) -> Answer {
        let url = format!("http://{}{}", stage.double.addr(), self.path);
        let mut request = http().request(self.method, url).header("host", self.host);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        if let Some(fields) = self.fields {
            request = match fields.as_slice() {
                // The only value that was sent unencoded.
                [(name, value)] if value == "%zz" => request.body(format!("{name}={value}")),
                _ => request.form(&fields),
            };
        }
        let response = request.send().await.expect("an answer");
        let mut headers: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in response.headers() {
            let value = value.to_str().unwrap();
            let all = headers.entry(name.as_str().to_owned()).or_default();
            if !all.is_empty() {
                all.push_str(", ");
            }
            all.push_str(value);
        }
        let status = response.status().as_u16();
        Answer { status, headers, body: response.text().await.expect("a whole body") }
    }
}

/// Returns an observed application's right secret, or the text sent instead.
fn own_secret(stage: &Stage, client_id: &str, sent: &str) -> String {
    let right = |case: &str| {
        let decoded = find(case).asked["authorization"]["decoded"].as_str().unwrap();
        decoded.split_once(':').unwrap().1
    };
    match client_id {
        _ if sent == right("right_credentials_unknown_token") => stage.double.client_secret(),
        _ if sent == right("web_oidc_app_with_secret") => stage.web_secret.clone(),
        _ => sent.to_owned(),
    }
}

fn own_authorization(stage: &Stage, authorization: &Value) -> String {
    if let Some(token) = authorization["value"].as_str() {
        return format!("Bearer {}", own_token(stage, token));
    }
    let decoded = authorization["decoded"].as_str().unwrap();
    match decoded.split_once(':') {
        Some((id, secret)) => basic(&stage.own_id(id), &own_secret(stage, id, secret)),
        None => format!("Basic {}", STANDARD.encode(decoded)),
    }
}

fn own_field(stage: &Stage, name: &str, value: &Value) -> String {
    match (name, value) {
        ("client_assertion", Value::Object(_)) => signed(stage, value),
        ("token", Value::String(token)) => own_token(stage, token),
        ("client_id", Value::String(id)) => stage.own_id(id),
        ("client_secret", Value::String(secret)) => own_secret(stage, "", secret),
        (_, Value::String(text)) => text.clone(),
        other => panic!("{other:?}"),
    }
}

/// Returns the double's token for an observed one, or the observed text.
fn own_token(stage: &Stage, observed: &str) -> String {
    let is_of = |case: &str| find(case).asked["token"].as_str() == Some(observed);
    if is_of("pat_with_role") {
        stage.pat(&stage.reader)
    } else if is_of("client_credentials_opaque_without_audience_scope") {
        stage.credentials(&stage.reader, "ha-reader", "openid")
    } else {
        observed.to_owned()
    }
}
