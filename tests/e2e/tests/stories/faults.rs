//! Every fault of the provider means 503 in bounded time, never 200 or 401, until it ends.

use std::time::Duration;

use reqwest::StatusCode;
use tests::{Answer, Api, Environment, reader, with_client_secret};
use tokio::time::{Instant, sleep};
use zitadel_double::{
    Answer as Said, AppState, DiscoveryFault, Fault, Framing, RedirectStatus, Times, ZitadelDouble,
};

#[track_caller]
fn assert_unavailable(answer: &Answer, fault: &str) {
    assert_eq!(answer.status, 503, "{fault}: {answer:?}");
    assert_eq!(answer.code(), "introspection_unavailable", "{fault}");
    assert_eq!(answer.challenge, None, "{fault}");
    assert_eq!(answer.cache_control.as_deref(), Some("no-store"), "{fault}");
    let retry_after: u64 = answer.retry_after.as_deref().unwrap().parse().unwrap();
    assert!(retry_after >= 1, "{fault}");
}

fn faults() -> Vec<Fault> {
    vec![
        Fault::Stall,
        Fault::Drip(Duration::from_millis(20)),
        Fault::ResetBeforeAnswer,
        Fault::CloseBeforeAnswer,
        Fault::ResetMidBody,
        Fault::Truncate,
        Fault::InternalServerError,
        Fault::BadGateway,
        Fault::ServiceUnavailable,
        Fault::DatabaseDown,
        Fault::LoginPage,
        Fault::Redirect(RedirectStatus::Found, "http://127.0.0.1:1/".to_owned()),
        Fault::Redirect(RedirectStatus::TemporaryRedirect, "http://127.0.0.1:1/".to_owned()),
        Fault::WrongTypes,
        Fault::NotJson,
        Fault::Empty,
        Fault::ContentType("text/plain".to_owned()),
        Fault::Huge(Framing::Chunked),
        Fault::Huge(Framing::ContentLength),
        Fault::Compressed,
        Fault::Headers(200),
        // Last, because it lowers the rate of later calls.
        Fault::TooManyRequests,
    ]
}

/// Returns an environment with a short timeout, for faults that last.
fn impatient(double: &ZitadelDouble) -> Environment {
    with_client_secret(double).with("APP_ZITADEL__TIMEOUT", "500ms")
}

/// Returns the status of the first response after a fault; after a 429, which is obeyed for a
/// second or two, of the first that is not 503.
async fn status_after(fault: &str, api: &Api, path: &str, token: &str) -> StatusCode {
    let began = Instant::now();
    loop {
        let status = api.get(path, token).await.status;
        let is_heeded = fault.contains("TooManyRequests") && status == 503;
        if !is_heeded || began.elapsed() > Duration::from_secs(20) {
            return status;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn every_fault_of_introspection_is_503_and_passes() {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let api = Api::start(impatient(&double)).await;
    assert_eq!(api.get("/api/private-scoped", &token).await.status, 200);
    for fault in faults() {
        let shown = format!("{fault:?}");
        double.introspection_fault(fault, Times::UntilCleared);
        for token in [token.as_str(), "unknown"] {
            assert_unavailable(&api.get("/api/private-scoped", token).await, &shown);
        }
        assert_eq!(api.get_without_token("/api/public").await.status, 200, "{shown}");
        double.clear_faults();
        for (token, expected) in [(token.as_str(), 200), ("unknown", 401)] {
            let status = status_after(&shown, &api, "/api/private-scoped", token).await;
            assert_eq!(status, expected, "{shown}");
        }
    }
}

#[tokio::test]
async fn every_fault_of_discovery_is_503_and_passes() {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let faults = faults()
        .into_iter()
        .filter(|fault| !matches!(fault, Fault::Empty | Fault::ContentType(_)))
        .map(DiscoveryFault::Any)
        .chain([
            DiscoveryFault::Issuer("https://evil.test".to_owned()),
            DiscoveryFault::IntrospectionEndpoint("https://evil.test/introspect".to_owned()),
            DiscoveryFault::NoIntrospectionEndpoint,
        ]);
    for fault in faults {
        let api = Api::start(impatient(&double)).await;
        let shown = format!("{fault:?}");
        double.discovery_fault(fault, Times::UntilCleared);
        assert_unavailable(&api.get("/api/private", &token).await, &shown);
        double.clear_faults();
        assert_eq!(status_after(&shown, &api, "/api/private", &token).await, 200, "{shown}");
    }
}

#[tokio::test]
async fn a_wrong_client_secret_is_our_fault_and_not_the_callers() {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let api = Api::start(impatient(&double)).await;
    let secret = double.client_secret();
    let _new = double.regenerate_client_secret(double.client_id());
    assert_unavailable(&api.get("/api/private", &token).await, "a wrong secret");
    drop(double.take_violations());
    double.set_client_secret(double.client_id(), &secret);
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    double.set_app_state(double.client_id(), AppState::Deactivated);
    assert_unavailable(&api.get("/api/private", &token).await, "a deactivated application");
}

// ZITADEL responds `active: false` when a database table fails. Without a canary that looks like a
// dead token, so it is not cached.
#[tokio::test]
async fn a_token_that_zitadel_failed_to_look_up_is_let_in_at_the_next_request() {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let api = Api::start(with_client_secret(&double).with("APP_CACHE__TTL", "1h")).await;
    let failed = Said::from(serde_json::json!({ "active": false }));
    double.introspection_fault(Fault::Status(reqwest::StatusCode::OK, failed), Times::Once);
    assert_eq!(api.get("/api/private-scoped", &token).await.code(), "invalid_token");
    assert_eq!(api.get("/api/private-scoped", &token).await.status, 200);
}
