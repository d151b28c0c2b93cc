//! Tests of rules that a guarded service itself checks, such as one for each tool of an MCP server.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request, response::Response};
use axum_zitadel::{
    Reason, RequestEnd, RequestHead, RequestObserver, Route, Routes, ServicePermit,
    domain::{Freshness, Policy, Role, Rule},
    require,
};
use tower::service_fn;
use tracing::Span;

use crate::api::{Introspector, MayRead, answer, builder, request, text};

#[derive(Debug)]
struct MayWrite;

impl Rule for MayWrite {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static("write"));
}

/// Rule for callers with the role `read` according to a new verdict, not a kept one.
#[derive(Debug)]
struct MayReadNow;

impl Rule for MayReadNow {
    const POLICY: &'static Policy = MayRead::POLICY;
    const FRESHNESS: Freshness = Freshness::Asked;
}

/// Observer that records the ends of requests, and denials by rules that services themselves check.
#[derive(Clone, Debug, Default)]
struct DeniedWithin(Arc<Mutex<Vec<String>>>);

impl RequestObserver for DeniedWithin {
    fn ended(&self, _: &Span, _: RequestHead<'_>, end: RequestEnd<'_>) {
        self.0.lock().unwrap().push(format!("{} {}", end.status.as_u16(), end.outcome()));
    }

    fn denied_within(&self, head: RequestHead<'_>, reason: Reason) {
        self.0.lock().unwrap().push(format!("{} {}", head.route, reason.as_str()));
    }
}

fn permit(request: &Request) -> ServicePermit {
    request.extensions().get::<ServicePermit>().unwrap().clone()
}

/// Service that checks rule `R`, and responds with 200 even to a denied caller, as an MCP tool
/// does.
async fn tool<R: Rule>(request: Request) -> Result<Response, Infallible> {
    let said = match permit(&request).require::<R>().await {
        Ok(permit) => format!("done for {}", permit.principal().subject().unwrap()),
        Err(denied) => format!("{}: {denied}", denied.reason().as_str()),
    };
    Ok(Response::new(Body::from(said)))
}

fn api<R: Rule>(noted: &DeniedWithin, introspector: &Arc<Introspector>) -> Router {
    let service = service_fn(tool::<R>);
    let service = require::<MayRead>(service).with::<(MayRead, MayReadNow, MayWrite)>();
    let guard = builder(introspector).observer(noted.clone()).build();
    Routes::default().service("/tools", service).into_api(&guard)
}

async fn ask(api: &Router) -> String {
    let response = answer(api, request("POST", "/tools", "dev-reader")).await;
    assert_eq!(response.status(), 200);
    text(response).await
}

#[tokio::test]
async fn a_rule_within_is_judged_by_the_verdict_that_let_the_request_in() {
    let (noted, introspector) = (DeniedWithin::default(), Introspector::new());
    assert_eq!(ask(&api::<MayRead>(&noted, &introspector)).await, "done for ada");
    assert_eq!(introspector.asked(), 1);
    assert_eq!(*noted.0.lock().unwrap(), ["200 ok"]);
}

#[tokio::test]
async fn a_refusal_within_is_the_services_to_answer_and_is_counted_by_its_reason() {
    let (noted, introspector) = (DeniedWithin::default(), Introspector::new());
    let said = ask(&api::<MayWrite>(&noted, &introspector)).await;
    assert_eq!(said, "policy_not_met: The access token does not have the role write.");
    assert_eq!(*noted.0.lock().unwrap(), ["/tools policy_not_met", "200 ok"]);
}

#[tokio::test]
async fn a_rule_that_was_not_named_lets_nobody_in() {
    let (noted, introspector) = (DeniedWithin::default(), Introspector::new());
    let service = require::<MayRead>(service_fn(tool::<MayWrite>)).with::<(MayReadNow,)>();
    let guard = builder(&introspector).observer(noted.clone()).build();
    let api = Routes::default().service("/tools", service).into_api(&guard);
    assert_eq!(ask(&api).await, "internal_error: Something went wrong here.");
    // `MayRead` and `MayReadNow` are two rules, though of the same policy.
    let service = require::<MayRead>(service_fn(tool::<MayRead>)).with::<(MayReadNow,)>();
    let api = Routes::default().service("/tools", service).into_api(&guard);
    assert_eq!(ask(&api).await, "internal_error: Something went wrong here.");
    // Even the rule in front of the service must be named in `with` if the service checks it again.
    let service = require::<MayRead>(service_fn(tool::<MayRead>));
    let api = Routes::default().service("/tools", service).into_api(&guard);
    assert_eq!(ask(&api).await, "internal_error: Something went wrong here.");
}

/// Service that checks `MayRead` two seconds after the request was admitted: the verdict that
/// admitted it is then too old (over 1 s) to be used again.
async fn late(request: Request) -> Result<Response, Infallible> {
    tokio::time::sleep(Duration::from_secs(2)).await;
    tool::<MayRead>(request).await
}

#[tokio::test(start_paused = true)]
async fn a_verdict_that_is_not_young_or_not_asked_for_this_is_obtained_anew() {
    let (noted, introspector) = (DeniedWithin::default(), Introspector::new());
    let service = require::<MayRead>(service_fn(late)).with::<(MayRead,)>();
    let guard = builder(&introspector).observer(noted.clone()).build();
    let api_ = Routes::default().service("/tools", service).into_api(&guard);
    assert_eq!(ask(&api_).await, "done for ada");
    assert_eq!(introspector.asked(), 2);
    // Without a cache, the verdict for `MayRead` is new enough for `MayReadNow`.
    assert_eq!(ask(&api::<MayReadNow>(&noted, &introspector)).await, "done for ada");
    assert_eq!(introspector.asked(), 3);
}

#[test]
fn the_table_lists_what_rules_within_ask_for() {
    let service = require::<MayRead>(service_fn(tool::<MayWrite>)).with::<(MayRead, MayWrite)>();
    let routes: Routes = Routes::default().service("/tools", service);
    let [Route { method, path, further, .. }] = routes.table() else { panic!("it is one route") };
    assert_eq!((method, *path), (&None, "/tools"));
    assert_eq!(*further, [MayRead::POLICY, MayWrite::POLICY]);
}
