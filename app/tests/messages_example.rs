//! `examples/messages.rs`, started as its `main` starts it, over a real socket.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::BTreeMap;

use app::{Config, LocalTokens, start};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

#[expect(dead_code, reason = "its main is not called")]
#[path = "../examples/messages.rs"]
mod messages;

async fn answer(request: RequestBuilder, token: &str) -> (StatusCode, Value) {
    let response = request.bearer_auth(token).send().await.unwrap();
    let status = response.status();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test]
async fn messages_are_written_and_read_by_whoever_has_the_role() {
    let directory = tempfile::tempdir().unwrap();
    let environment = BTreeMap::from([("APP_SERVER__LISTEN".to_owned(), "127.0.0.1:0".to_owned())]);
    let config = Config::read(environment, directory.path())
        .unwrap()
        .with_local_tokens(LocalTokens::parse(messages::LOCAL_TOKENS).unwrap());
    let running = start(config, messages::routes()).await.unwrap();
    let url = format!("http://{}/api/messages/7", running.local_address());
    let client = Client::builder().no_proxy().build().unwrap();
    let post = |body: Value| {
        client.post(&url).header("content-type", "application/json").body(body.to_string())
    };

    let (status, problem) = answer(post(json!({ "text": "hi" })), "dev-reader").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNAUTHORIZED, &json!("insufficient_scope"))
    );
    let (status, _) = answer(client.get(&url), "dev-reader").await;
    assert_eq!(status, StatusCode::NOT_FOUND);

    let (status, _) = answer(post(json!({ "text": "hi" })), "dev-writer").await;
    assert_eq!(status, StatusCode::CREATED);
    let (status, message) = answer(client.get(&url), "dev-reader").await;
    assert_eq!((status, message), (StatusCode::OK, json!({ "text": "hi", "author": "grace" })));

    let (status, problem) = answer(post(json!({ "text": 1 })), "dev-writer").await;
    assert_eq!(
        (status, &problem["code"]),
        (StatusCode::UNPROCESSABLE_ENTITY, &json!("invalid_body"))
    );
    running.stop().await;
}
