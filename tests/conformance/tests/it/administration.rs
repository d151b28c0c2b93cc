//! An administrator's calls to a double.

use serde_json::{Value, json};
use zitadel_double::ZitadelDouble;

/// Calls the management API.
pub(crate) async fn call(double: &ZitadelDouble, path: &str, body: Value) -> Value {
    send(double, "POST", &format!("/management/v1/{path}"), body).await
}

/// Sends any call.
pub(crate) async fn send(double: &ZitadelDouble, method: &str, path: &str, body: Value) -> Value {
    let host = double.issuer().rsplit('/').next().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = client
        .request(method.parse().unwrap(), format!("http://{}{path}", double.addr()))
        .header("host", host)
        .header("content-type", "application/json")
        .bearer_auth(double.administrator())
        .body(body.to_string());
    let answer = request.send().await.unwrap().text().await.unwrap();
    serde_json::from_str(&answer).unwrap()
}

pub(crate) async fn names(double: &ZitadelDouble) -> Vec<String> {
    let mut names = Vec::new();
    for (kind, member) in [("projects", "name"), ("users", "userName")] {
        let found = call(double, &format!("{kind}/_search"), json!({})).await;
        let result = found["result"].as_array().cloned().unwrap_or_default();
        names.extend(result.iter().map(|one| one[member].as_str().unwrap().to_owned()));
    }
    names.sort();
    names
}
