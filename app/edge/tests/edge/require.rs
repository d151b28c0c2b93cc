//! Tests of services mounted behind a rule in place of handlers.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension, Router,
    body::Body,
    extract::Request,
    http::{StatusCode, header},
    response::Response,
    routing::get,
};
use axum_zitadel::{Authorized, domain::Principal};
use tower::service_fn;

use crate::api::{
    Introspector, MayRead, Noted, SignedIn, answer, builder, code, request, text, without_token,
};

/// Service that returns path and subject of a request. It panics if the request has passed no rule.
async fn files(request: Request) -> Result<Response, Infallible> {
    let principal: &Arc<Principal> = request.extensions().get().unwrap();
    let subject = principal.subject.as_ref().unwrap();
    Ok(Response::new(Body::from(format!("{} {subject}", request.uri().path()))))
}

#[tokio::test]
async fn a_service_behind_a_rule_is_reached_by_callers_who_meet_it_and_by_no_others() {
    let noted = Noted::default();
    let introspector = Introspector::new();
    let guard = builder(&introspector).observer(noted.clone()).build();
    let service = guard.require::<MayRead>(service_fn(files)).named("/files");
    let alone = Router::new().nest_service("/files", service.clone());
    let with_layer = Router::new().nest_service("/files", service).layer(guard.layer());
    for api in [alone, with_layer] {
        let response = answer(&api, request("GET", "/files/a/b", "dev-reader")).await;
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        assert!(response.headers().contains_key("x-request-id"));
        assert_eq!(text(response).await, "/a/b ada");
        for (token, status, expected) in [
            ("dev-no-role", 401, "insufficient_scope"),
            ("dev-revoked", 401, "invalid_token"),
            ("down", 503, "introspection_unavailable"),
        ] {
            let response = answer(&api, request("GET", "/files/a/b", token)).await;
            assert_eq!(response.status(), status);
            assert_eq!(code(response).await, expected);
        }
        let response = answer(&api, without_token("GET", "/files/a")).await;
        assert_eq!(code(response).await, "missing_token");
        assert_eq!(
            noted.take(),
            [
                "GET /files 200 ok ada",
                "GET /files 401 policy_not_met -",
                "GET /files 401 inactive -",
                "GET /files 503 unreachable -",
                "GET /files 401 missing_token -",
            ]
        );
    }
}

#[tokio::test]
async fn a_rule_is_a_layer_too_and_shares_the_introspection() {
    let introspector = Introspector::new();
    let noted = Noted::default();
    let guard = builder(&introspector).observer(noted.clone()).build();
    let handler = async |permit: Authorized<SignedIn>,
                         Extension(principal): Extension<Arc<Principal>>| {
        assert_eq!(permit.principal(), &principal);
        "in"
    };
    let api = Router::new()
        .route("/read/{id}", get(handler))
        .route_layer(guard.require_layer::<MayRead>())
        .route("/open", get(async || "open"))
        .with_state(());
    assert_eq!(text(answer(&api, request("GET", "/read/7", "dev-reader")).await).await, "in");
    assert_eq!(introspector.asked(), 1);
    let response = answer(&api, request("GET", "/read/7", "dev-no-role")).await;
    assert_eq!(code(response).await, "insufficient_scope");
    assert_eq!(text(answer(&api, without_token("GET", "/open")).await).await, "open");
    assert_eq!(noted.take(), ["GET /read/{id} 200 ok ada", "GET /read/{id} 401 policy_not_met -"]);
}

#[tokio::test]
async fn a_denied_request_never_reaches_the_service() {
    let guard = builder(&Introspector::new()).build();
    let service =
        guard.require::<MayRead>(service_fn(async |_: Request| -> Result<Response, Infallible> {
            panic!("it was reached")
        }));
    let api = Router::new().route_service("/", service);
    for token in ["dev-no-role", "dev-expired", "unknown", "down", "a,b"] {
        let response = answer(&api, request("GET", "/", token)).await;
        assert_ne!(response.status(), StatusCode::OK);
    }
}

/// Service that panics if `call` comes before `poll_ready`.
#[derive(Default)]
struct OnceReady {
    is_ready: bool,
}

impl Clone for OnceReady {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl tower::Service<Request> for OnceReady {
    type Response = Response;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response, Infallible>>;

    fn poll_ready(
        &mut self,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Result<(), Infallible>> {
        self.is_ready = true;
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request) -> Self::Future {
        assert!(self.is_ready, "it was called before it was ready");
        std::future::ready(Ok(Response::default()))
    }
}

#[tokio::test]
async fn the_service_that_is_called_is_the_one_that_was_ready() {
    let guard = builder(&Introspector::new()).build();
    let api = Router::new().route_service("/", guard.require::<MayRead>(OnceReady::default()));
    assert_eq!(answer(&api, request("GET", "/", "dev-reader")).await.status(), StatusCode::OK);
}
