//! incidents.md row 19: no token or secret is ever in the log, at any level.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use reqwest::Client;
use serde_json::json;
use tests::{Api, with_client_secret, with_key_file};
use tracing_subscriber::filter::LevelFilter;
use zitadel_double::{
    DATABASE_HOST, Fault, NewUser, SessionToken, Times, TokenShape, ZitadelDouble,
};

/// Log lines of all crates.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Captures the log of the process.
fn capture() -> Log {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .init();
    log
}

/// Returns tokens of every kind and state.
fn tokens(double: &ZitadelDouble) -> Vec<String> {
    let service = double.add_user(NewUser::service("svc"));
    let jwt = SessionToken { shape: TokenShape::Jwt, ..SessionToken::default() };
    vec![
        double.pat(&service),
        double.session_token(&service, SessionToken::default()),
        double.session_token(&service, jwt),
        double.session_token(&service, SessionToken::expired()),
        "an-unknown-token".to_owned(),
        "a token that is none".to_owned(),
        format!("too-long-{}", "x".repeat(20_000)),
    ]
}

/// Sends every token to every path over HTTP/1.1 and HTTP/2, then causes every fault.
async fn everything_happens(double: &ZitadelDouble, api: &Api, tokens: &[String]) {
    let http2 = Client::builder().no_proxy().http2_prior_knowledge().build().unwrap();
    for client in [api.client(), &http2] {
        for token in tokens {
            for path in ["/api/private", "/api/private-scoped", "/api/public", "/nothing"] {
                drop(client.get(api.url(path)).bearer_auth(token).send().await.unwrap());
            }
        }
    }
    for fault in [
        Fault::Stall,
        Fault::ResetMidBody,
        Fault::DatabaseDown,
        Fault::InternalServerError,
        Fault::WrongTypes,
        Fault::LoginPage,
        Fault::Drip(Duration::from_millis(20)),
    ] {
        // A request may be repeated after its connection broke.
        double.introspection_fault(fault, Times::UntilCleared);
        assert_eq!(api.get("/api/private", tokens.first().unwrap()).await.status, 503);
        double.clear_faults();
    }
    double.answer("echo-of-the-token", json!("echo-of-the-token"));
    assert_eq!(api.get("/api/private", "echo-of-the-token").await.status, 503);
}

#[tokio::test]
async fn neither_tokens_nor_secrets_are_logged_at_trace() {
    let log = capture();
    let double = ZitadelDouble::builder().tls(["127.0.0.1"]).start().await;
    let ca_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(ca_file.path(), double.ca_pem().unwrap()).unwrap();
    let ca_file = ca_file.path().to_str().unwrap();
    let tokens = tokens(&double);
    let (by_key, _file) = with_key_file(&double);
    let by_secret = with_client_secret(&double);
    for environment in [&by_secret, &by_key] {
        let environment = environment
            .clone()
            .with("APP_ZITADEL__TIMEOUT", "1s")
            .with("APP_ZITADEL__CA_FILE", ca_file);
        let api = Api::start(environment).await;
        everything_happens(&double, &api, &tokens).await;
        api.stop().await;
    }
    // The key file gets another key, then content that is no key.
    let (by_key, file) = with_key_file(&double);
    let api = Api::start(by_key.with("APP_ZITADEL__CA_FILE", ca_file)).await;
    let (_, second_key) = double.add_key(double.key_client_id());
    for content in [second_key.as_str(), &second_key.replace("RSA", "")] {
        std::fs::write(file.path(), content).unwrap();
        api.read_credentials_again().await;
        assert_eq!(api.get("/api/private", tokens.first().unwrap()).await.status, 200);
    }
    api.stop().await;
    let secret = double.client_secret();
    let _new = double.regenerate_client_secret(double.client_id());
    let refused = Api::start(by_secret.with("APP_ZITADEL__CA_FILE", ca_file)).await;
    assert_eq!(refused.get("/api/private", tokens.first().unwrap()).await.status, 503);
    drop(double.take_violations());

    let text = log.text();
    for expected in [
        "inactive",
        "policy_not_met",
        "hyper",
        "h2",
        "client_refused",
        "token_too_long",
        "credentials replaced",
        "the credentials stay as they were",
    ] {
        assert!(text.contains(expected), "{expected} is not in the log: does it capture at all?");
    }
    let private_key = double.key_json();
    let private_key = private_key.split("\\n").nth(1).unwrap();
    let second_key = second_key.split("\\n").nth(1).unwrap();
    let others = [
        secret.as_str(),
        private_key,
        second_key,
        "echo-of-the-token",
        DATABASE_HOST,
        "Basic ",
        "eyJ",
    ];
    for secret in tokens.iter().map(String::as_str).chain(others) {
        if let Some(line) = text.lines().find(|line| line.contains(secret)) {
            let start: String = line.chars().take(300).collect();
            panic!("a secret is in the log: {start}");
        }
    }
}
