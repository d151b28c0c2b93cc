//! A minimal resource server, for right and wrong requests.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use zitadel_double::ZitadelDouble;

/// Maximum time of a response, on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Response: status, media type and body.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    pub(crate) async fn from(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let content_type = response.headers().get("content-type");
        let content_type =
            content_type.map_or("", |value| value.to_str().expect("text")).to_owned();
        Self { status, content_type, body: response.text().await.expect("a whole body") }
    }
}

/// Returns a client without redirects and cookies.
pub(crate) fn http() -> reqwest::Client {
    let none = reqwest::redirect::Policy::none();
    reqwest::Client::builder()
        .redirect(none)
        .no_proxy()
        .timeout(PATIENCE)
        .build()
        .expect("a client")
}

pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// Returns the default application's introspection request, without a form.
pub(crate) fn request(double: &ZitadelDouble) -> reqwest::RequestBuilder {
    let credentials = basic(double.client_id().as_str(), &double.client_secret());
    http().post(double.introspection_endpoint()).header("authorization", credentials)
}

pub(crate) async fn send(request: reqwest::RequestBuilder) -> Got {
    Got::from(request.send().await.expect("an answer")).await
}

/// Introspects a token as the default application.
pub(crate) async fn introspect(double: &ZitadelDouble, token: &str) -> Value {
    let got = send(request(double).form(&[("token", token)])).await;
    assert_eq!(got.status, 200, "{}", got.body);
    got.json()
}

/// Introspects a token as the foreign application.
pub(crate) async fn introspect_as_foreigner(double: &ZitadelDouble, token: &str) -> Value {
    let id = double.foreign_client_id().as_str();
    let credentials = basic(id, &double.foreign_client_secret());
    let request = http().post(double.introspection_endpoint());
    let request = request.header("authorization", credentials).form(&[("token", token)]);
    send(request).await.json()
}

/// Returns a reader's event search, without a body.
pub(crate) fn search_request(double: &ZitadelDouble, reader: &str) -> reqwest::RequestBuilder {
    http().post(format!("{}/admin/v1/events/_search", double.issuer())).bearer_auth(reader)
}

/// Adds a JSON body.
pub(crate) fn with_json(request: reqwest::RequestBuilder, body: &Value) -> reqwest::RequestBuilder {
    request.header("content-type", "application/json").body(body.to_string())
}

/// Returns the events that a search finds; `{}` means none.
pub(crate) async fn events(double: &ZitadelDouble, reader: &str, body: &Value) -> Vec<Value> {
    let got = send(with_json(search_request(double, reader), body)).await;
    assert_eq!(got.status, 200, "{}", got.body);
    let answer = got.json();
    answer.get("events").map_or_else(Vec::new, |events| events.as_array().unwrap().clone())
}

/// Returns the whole log, oldest first.
pub(crate) async fn all_events(double: &ZitadelDouble, reader: &str) -> Vec<Value> {
    events(double, reader, &json!({ "asc": true })).await
}

/// Returns the types of events.
pub(crate) fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"]["type"].as_str().unwrap()).collect()
}

pub(crate) fn inactive() -> Value {
    json!({ "active": false })
}

pub(crate) fn unauthorized_client() -> Value {
    json!({ "error": "unauthorized_client" })
}
