//! Tests of `examples/messages.rs` over a real socket: its banner, and the commands in the banner.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{collections::BTreeMap, process::Command};

use app::{Banner, Config, LocalTokens, Running, start};
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};

#[expect(dead_code, reason = "its main is not called")]
#[path = "../examples/messages.rs"]
mod messages;

async fn started() -> (Running, String) {
    let directory = tempfile::tempdir().unwrap();
    let environment = BTreeMap::from([("APP_SERVER__LISTEN".to_owned(), "127.0.0.1:0".to_owned())]);
    let config = Config::read(environment, directory.path())
        .unwrap()
        .with_local_tokens(LocalTokens::parse(messages::LOCAL_TOKENS).unwrap());
    let routes = messages::routes();
    let banner = Banner::new(&config, routes.table());
    let running = start(config, routes).await.unwrap();
    let text = banner.text(running.local_address());
    (running, text)
}

async fn answer(request: RequestBuilder, token: &str) -> (StatusCode, Value) {
    let response = request.bearer_auth(token).send().await.unwrap();
    let status = response.status();
    let body = response.bytes().await.unwrap();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_that_the_banner_suggests_is_answered_2xx() {
    let (running, banner) = started().await;
    let lines: Vec<_> = banner.lines().map(str::trim).filter(|l| l.starts_with("curl")).collect();
    assert_eq!(lines.len(), 2, "{banner}");
    for line in lines {
        let line = format!("{line} -sS --fail --noproxy '*'");
        let run = move || Command::new("sh").args(["-c", &line]).output().unwrap();
        let output = tokio::task::spawn_blocking(run).await.unwrap();
        assert!(output.status.success(), "{banner}\n{output:?}");
    }
    running.stop().await;
}

#[tokio::test]
async fn messages_are_written_and_read_by_callers_who_have_the_role() {
    let (running, _) = started().await;
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
    let (status, problem) = answer(client.get(&url), "dev-reader").await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("no_such_message")));
    assert!(problem["request_id"].is_string(), "{problem}");

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
