//! Tests that a flood of bad requests does not flood the log: each request has its own log event or
//! is counted in one.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Extension, Router,
    body::Body,
    http::{Method, Request, header::AUTHORIZATION},
    routing::{any, get},
};
use axum_zitadel::{Authorized, RequestId, Routes, guarded};
use serde_json::Value;
use tokio::time::sleep;
use tower::ServiceExt;
use tracing::Dispatch;

use crate::api::{Introspector, MayRead, SignedIn, builder};

/// Kind of request, with reason and level of the log events that such a request causes.
struct Kind {
    path: &'static str,
    authorization: &'static [&'static str],
    reason: &'static str,
    level: &'static str,
}

const fn kind(authorization: &'static [&'static str], reason: &'static str) -> Kind {
    Kind { path: "/read", authorization, reason, level: "INFO" }
}

/// Every kind of request that a caller without a valid token can send.
const STRANGERS: &[Kind] = &[
    kind(&[], "missing_token"),
    kind(&["Basic dXNlcjpwYXNz"], "missing_token"),
    kind(&["Bearer "], "empty_token"),
    kind(&["Bearer a b"], "forbidden_character"),
    kind(&["Bearer a", "Bearer b"], "repeated_header"),
    kind(&["Bearer invented"], "inactive"),
];

/// Further kinds of requests: by a caller without the role, to a handler that fails, and to a
/// handler without a guard.
const FURTHER: &[Kind] = &[
    kind(&["Bearer dev-no-role"], "policy_not_met"),
    Kind {
        path: "/fails",
        authorization: &["Bearer dev-reader"],
        reason: "internal_error",
        level: "ERROR",
    },
    Kind { path: "/without-guard", authorization: &[], reason: "", level: "ERROR" },
];

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Returns the log events since the last call.
    fn take(&self) -> Vec<Value> {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        let text = String::from_utf8(bytes).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

fn api() -> Router {
    async fn read(_: Authorized<MayRead>) {}
    async fn fails(_: Authorized<SignedIn>, _: Extension<u8>) {}
    let guard = builder(&Introspector::new()).inactive_means("an explanation".to_owned()).build();
    let table = Routes::default().get("/fails", guarded(fails)).into_router(&guard);
    let layered = Router::new().route("/read", any(read)).layer(guard.layer());
    layered.merge(table).route("/without-guard", get(async |_: RequestId| ()))
}

async fn ask(api: &Router, kind: &Kind, method: &Method) {
    let mut request = Request::builder().method(method).uri(kind.path);
    for value in kind.authorization {
        request = request.header(AUTHORIZATION, *value);
    }
    api.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
}

/// Returns a log of this thread's events, and two values for the test to keep in variables.
/// Dropping the first ends the log. The second is another dispatcher: with only one, log events
/// whose code a test on another thread reaches first would be missing.
fn log() -> (Log, tracing::subscriber::DefaultGuard, Dispatch) {
    let second = Dispatch::new(tracing_subscriber::registry());
    let log = Log::default();
    let (writer, json) = (log.clone(), tracing_subscriber::fmt().json().flatten_event(true));
    let subscriber = json.with_writer(move || writer.clone()).finish();
    (log, tracing::subscriber::set_default(subscriber), second)
}

#[tokio::test(start_paused = true)]
async fn a_flood_of_strangers_costs_less_than_a_gigabyte_a_day() {
    const SECONDS: usize = 5;
    let (log, _subscriber, _second) = log();
    let api = api();
    for _ in 0..SECONDS {
        for _ in 0..100 {
            for kind in STRANGERS {
                ask(&api, kind, &Method::GET).await;
            }
        }
        sleep(Duration::from_secs(1)).await;
    }
    sleep(Duration::from_secs(1)).await;
    let per_day = log.len() * 86_400 / SECONDS;
    assert!(per_day < 1_000_000_000, "{per_day} bytes a day");
    assert!(log.len() > 0);
}

#[tokio::test(start_paused = true)]
async fn each_refusal_has_an_event_or_is_counted_by_one() {
    let (log, _subscriber, _second) = log();
    let api = api();
    for kind in STRANGERS.iter().chain(FURTHER) {
        for _ in 0..1_000 {
            ask(&api, kind, &Method::GET).await;
        }
        sleep(Duration::from_secs(2)).await;
        let events = log.take();
        let mut counted = BTreeMap::new();
        for event in &events {
            assert_eq!((&event["level"], &event["method"]), (&kind.level.into(), &"GET".into()));
            assert_eq!(event["route"], kind.path);
            let reason = event["reason"].as_str().unwrap_or("");
            *counted.entry(reason).or_insert(0) += event["requests"].as_u64().unwrap_or(1);
        }
        assert_eq!(counted, BTreeMap::from([(kind.reason, 1_000)]), "{events:?}");
        assert_eq!(events.len(), 6, "five singly, and a sum: {events:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_inactive_token_is_explained_once_a_minute() {
    let (log, _subscriber, _second) = log();
    let api = api();
    let mut explained = Vec::new();
    for second in 0..130 {
        ask(&api, &kind(&["Bearer invented"], "inactive"), &Method::GET).await;
        let events = log.take();
        let message = events.last().unwrap()["message"].as_str().unwrap();
        assert!(message.starts_with("denied: the authorization server calls the token inactive"));
        if message.ends_with("; it means, most likely first: an explanation") {
            explained.push(second);
        }
        sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(explained, [0, 60, 120]);
}

// The log event with the count may be written when introspection works again.
#[tokio::test(start_paused = true)]
async fn a_sum_of_missing_verdicts_says_how_long_ago_the_last_one_was() {
    let (log, _subscriber, _second) = log();
    let api = api();
    for _ in 0..4 {
        ask(&api, &kind(&["Bearer down"], "unreachable"), &Method::GET).await;
    }
    sleep(Duration::from_secs(5)).await;
    ask(&api, &kind(&["Bearer dev-reader"], ""), &Method::GET).await;
    sleep(Duration::from_secs(6)).await;
    let events = log.take();
    let [begin, sum] = &events[..] else { panic!("{events:?}") };
    let begins_with = |event: &Value, text| event["message"].as_str().unwrap().starts_with(text);
    assert!(begins_with(begin, "no verdict: "), "{begin}");
    assert!(begins_with(sum, "no verdict for further requests: "), "{sum}");
    assert_eq!((&sum["requests"], &sum["ago"]), (&3.into(), &"10s".into()), "{sum}");
}

#[tokio::test(start_paused = true)]
async fn no_event_holds_a_long_method_of_a_caller() {
    let (log, _subscriber, _second) = log();
    let api = api();
    let method = Method::from_bytes("M".repeat(60_000).as_bytes()).unwrap();
    let down = kind(&["Bearer down"], "unreachable");
    for kind in STRANGERS.iter().chain(FURTHER).chain([&down]).filter(|kind| kind.path == "/read") {
        for _ in 0..10 {
            ask(&api, kind, &method).await;
        }
    }
    sleep(Duration::from_secs(2)).await;
    assert!(log.len() < 30_000, "{}", log.len());
    assert!(log.take().iter().all(|event| event["method"] == "M".repeat(32)));
}
