//! Endpoints for operators: `/metrics`, `/livez` and `/readyz`.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tests::{Api, Environment, reader, with_client_secret, with_feed};
use tokio::{task::JoinSet, time::Instant};
use zitadel_double::{EventLogFault, Fault, Gate, Listening, Times, ZitadelDouble};

fn with_admin(environment: Environment) -> Environment {
    environment.with("APP_ADMIN__LISTEN", "127.0.0.1:0")
}

/// Returns the status code, status word and reason of `/readyz`.
async fn readiness(api: &Api) -> (u16, String, String) {
    let answer = api.admin("/readyz").await;
    let body = &answer.body;
    let reason =
        if body["reason"].is_null() { &body["circuit_breaker"]["reason"] } else { &body["reason"] };
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), text(&body["status"]), text(reason))
}

/// Waits until `/readyz` returns these.
async fn wait_for(api: &Api, status: u16, word: &str, reason: &str) {
    let began = Instant::now();
    loop {
        let found = readiness(api).await;
        if found == (status, word.to_owned(), reason.to_owned()) {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{found:?}, not {word} {reason}");
        tokio::task::yield_now().await;
    }
}

/// Returns a value of `/metrics` by its line.
async fn metric(api: &Api, line: &str) -> f64 {
    let text = api.admin("/metrics").await.text;
    let value = text.lines().find_map(|found| found.strip_prefix(line)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("{line} is missing in\n{text}")).parse().unwrap()
}

#[tokio::test]
async fn it_is_ready_once_zitadel_knows_us_and_stays_so_while_zitadel_is_down() {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    double.set_listening(Listening::Refusing).await;
    let api = Api::start(with_admin(with_client_secret(&double))).await;
    wait_for(&api, 503, "starting", "unreachable").await;
    assert_eq!(api.admin("/livez").await.status, 200);
    double.listen_again().await;
    wait_for(&api, 200, "ready", "").await;

    double.set_listening(Listening::Refusing).await;
    for _ in 0..10 {
        assert_eq!(api.get("/api/private", &token).await.status, 503);
    }
    wait_for(&api, 200, "degraded", "unreachable").await;
    assert!(api.admin("/readyz").await.body["circuit_breaker"]["since"].is_string());
    assert!(metric(&api, r#"circuit_breaker_state{state="open"}"#).await > 0.5);
    double.listen_again().await;
    let began = Instant::now();
    while api.get("/api/private", &token).await.status != 200 {
        assert!(began.elapsed() < Duration::from_secs(20), "the breaker does not close");
    }
    assert_eq!(readiness(&api).await, (200, "ready".to_owned(), String::new()));
    assert!(metric(&api, r#"circuit_breaker_state{state="closed"}"#).await > 0.5);
}

// A wrong secret must not be rolled out to a whole fleet.
#[tokio::test]
async fn with_a_wrong_secret_it_is_never_ready() {
    let double = ZitadelDouble::start().await;
    let environment = with_client_secret(&double).with("CLIENT_SECRET", "wrong");
    let api = Api::start(with_admin(environment)).await;
    wait_for(&api, 503, "starting", "client_refused").await;
    assert!(metric(&api, "client_credentials_refused").await > 0.5);
    assert!(!double.take_violations().is_empty(), "the double saw the wrong secret");
}

#[tokio::test]
async fn the_fake_is_ready_at_once() {
    let api = Api::start(with_admin(Environment::default().with("APP_INTROSPECTOR", "fake"))).await;
    assert_eq!(readiness(&api).await, (200, "ready".to_owned(), String::new()));
}

#[tokio::test]
async fn it_is_not_ready_while_it_drains() {
    let environment = Environment::default()
        .with("APP_INTROSPECTOR", "fake")
        .with("APP_SERVER__DRAIN_DELAY", "1s");
    let api = Api::start(with_admin(environment)).await;
    let (client, url) = (api.client().clone(), api.admin_url("/readyz"));
    let stopped = tokio::spawn(api.stop());
    let mut seen = Vec::new();
    while let Ok(response) = client.get(&url).send().await {
        seen.push(response.status().as_u16());
        tokio::task::yield_now().await;
    }
    assert!(seen.contains(&503), "{seen:?}");
    assert_eq!(stopped.await.unwrap().cut_off, 0);
}

/// Sends requests over kept-alive connections until 50 responses after the drain was noticed.
async fn load(client: reqwest::Client, url: String, noticed: Arc<AtomicBool>) -> Vec<u16> {
    let (mut answers, mut since) = (Vec::new(), 0);
    while since < 50 {
        let answer = client.get(&url).send().await;
        answers.push(answer.map_or(0, |answer| answer.status().as_u16()));
        since += usize::from(noticed.load(Ordering::Relaxed));
        tokio::task::yield_now().await;
    }
    answers
}

// A load balancer sends requests for a moment after the drain begins.
#[tokio::test]
async fn no_request_is_lost_while_a_load_balancer_notices_the_drain() {
    let environment = Environment::default()
        .with("APP_INTROSPECTOR", "fake")
        .with("APP_SERVER__DRAIN_DELAY", "5s");
    let api = Api::start(with_admin(environment)).await;
    let (client, ready) = (api.client().clone(), api.admin_url("/readyz"));
    let noticed = Arc::new(AtomicBool::new(false));
    let mut callers = JoinSet::new();
    for _ in 0..16 {
        callers.spawn(load(client.clone(), api.url("/api/public"), Arc::clone(&noticed)));
    }
    let stopped = tokio::spawn(api.stop());
    let began = Instant::now();
    while client.get(&ready).send().await.unwrap().status() != 503 {
        assert!(began.elapsed() < Duration::from_secs(20), "it stays ready");
    }
    noticed.store(true, Ordering::Relaxed);
    for answers in callers.join_all().await {
        assert!(answers.iter().all(|status| *status == 200), "{answers:?}");
    }
    assert_eq!(stopped.await.unwrap().cut_off, 0);
}

#[tokio::test]
async fn what_is_asked_shared_and_reused_is_counted() {
    let double = ZitadelDouble::start().await;
    let token = reader(&double);
    let environment = with_client_secret(&double).with("APP_CACHE__TTL", "1h");
    let api = Arc::new(Api::start(with_admin(environment)).await);
    wait_for(&api, 200, "ready", "").await;
    let gate = Gate::closed();
    double.introspection_fault(Fault::Hold(gate.clone()), Times::UntilCleared);
    let mut callers = JoinSet::new();
    for _ in 0..3 {
        let (api, token) = (Arc::clone(&api), token.clone());
        callers.spawn(async move { api.get("/api/private", &token).await.status });
    }
    let began = Instant::now();
    while metric(&api, "token_introspection_coalesced_total").await < 1.5 {
        assert!(began.elapsed() < Duration::from_secs(20), "nobody joins");
    }
    assert!(metric(&api, "token_introspection_in_flight").await > 0.5);
    assert!(metric(&api, "http_server_connections").await > 2.5);
    gate.open();
    while let Some(status) = callers.join_next().await {
        assert_eq!(status.unwrap(), 200);
    }
    assert_eq!(api.get("/api/private", &token).await.status, 200);
    for (line, expected) in [
        (r#"token_cache_requests_total{result="hit"}"#, 1.0),
        ("token_cache_entries", 1.0),
        ("token_introspection_in_flight", 0.0),
        ("client_credentials_refused", 0.0),
        (r#"token_introspection_duration_seconds_count{result="active",cause="none"}"#, 1.0),
    ] {
        let found = metric(&api, line).await;
        assert!((found - expected).abs() < 0.1, "{line} {found}");
    }
    // Three callers, and the readiness probe of our credentials.
    assert!((metric(&api, r#"token_cache_requests_total{result="miss"}"#).await - 3.0).abs() < 0.1);
}

#[tokio::test]
async fn a_change_feed_that_is_silent_is_degraded_with_its_reason_until_it_tells_again() {
    let double = ZitadelDouble::start().await;
    let (environment, _file) = with_feed(&double);
    let api = Api::start(with_admin(environment)).await;
    wait_for(&api, 200, "ready", "").await;
    double.event_log_fault(EventLogFault::DatabaseError, Times::UntilCleared);
    wait_for(&api, 200, "degraded", "").await;
    let feed = &api.admin("/readyz").await.body["change_feed"];
    assert_eq!((&feed["state"], &feed["reason"]), (&"silent".into(), &"server_error".into()));
    assert!(api.count(r#"change_feed_polls_total{result="server_error"}"#).await > 0);
    double.clear_faults();
    wait_for(&api, 200, "ready", "").await;
}
