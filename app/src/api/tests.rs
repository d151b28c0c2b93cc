//! Tests of the demo API in process, with the in-memory fake.

use std::collections::BTreeMap;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode, header},
};
use axum_zitadel::{Access, testing::assert_all_guarded};
use tower::ServiceExt;

use super::routes;
use crate::{Config, router};

fn api() -> Router {
    let environment = BTreeMap::from([("APP_INTROSPECTOR".to_owned(), "fake".to_owned())]);
    let directory = tempfile::tempdir().unwrap();
    router(Config::read(environment, directory.path()).unwrap(), routes()).unwrap()
}

#[tokio::test]
async fn the_three_routes_answer_what_the_contract_says() {
    let api = api();
    for (path, expected) in [
        (
            "/api/public",
            r#"{"message":"Public route - You don't need to be authenticated to see this."}"#,
        ),
        (
            "/api/private",
            r#"{"message":"Private route - You need to be authenticated to see this."}"#,
        ),
        (
            "/api/private-scoped",
            r#"{"message":"Private, scoped route - You need to be authenticated and have the role read:messages to see this."}"#,
        ),
    ] {
        let request = Request::get(path).header(header::AUTHORIZATION, "Bearer dev-reader");
        let response = api.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(to_bytes(response.into_body(), 1000).await.unwrap(), expected);
    }
}

#[tokio::test]
async fn every_other_route_asks_for_a_token_and_for_its_own_rule() {
    assert_all_guarded(routes()).await;
}

#[test]
fn the_public_routes_are_these_and_no_others() {
    let table = routes();
    let public: Vec<_> = table
        .table()
        .iter()
        .filter(|route| route.access == Access::Public)
        .map(|route| (route.shown_method(), route.path))
        .collect();
    let expected = [("GET", "/api/public")];
    assert_eq!(public, expected, "is every one of these meant to be public? Then add it here");
}

// Tested here because a fork replaces this file together with the demo;
// `tests/e2e/tests/stories/tour.rs` tests the other excerpts.
#[test]
fn the_rule_and_the_handler_on_the_tour_are_those_of_the_demo() {
    let tour = include_str!("../../../docs/tour.md");
    for (file, code) in [
        ("domain/src/rules.rs", include_str!("../../../domain/src/rules.rs")),
        ("app/src/api/handlers.rs", include_str!("handlers.rs")),
    ] {
        let (_, excerpt) = tour.split_once(&format!("```rust {file}\n")).unwrap();
        assert!(code.contains(excerpt.split("```").next().unwrap()), "this is not in {file}");
    }
}
