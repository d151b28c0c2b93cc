//! Tests of `axum_zitadel::testing`, the functions with which users of the library test their
//! services.

use axum::{
    Router,
    extract::{Path, State},
    http::{Method, StatusCode},
    response::IntoResponse,
    routing::get,
};
use axum_zitadel::{
    Authorized, Rejection, Routes,
    domain::{Principal, Subject},
    guarded, optional, public,
    testing::{assert_all_guarded, assert_guarded},
};
use futures_util::FutureExt;

use crate::api::{MayRead, SignedIn, guard};

/// Returns the panic message of an assertion that must fail.
async fn failure(assertion: impl Future<Output = ()>) -> String {
    let panic = std::panic::AssertUnwindSafe(assertion).catch_unwind().await.unwrap_err();
    panic.downcast::<String>().map_or_else(|_| String::new(), |message| *message)
}

async fn open() {}
async fn private(_: Authorized<SignedIn>, Path(_): Path<u64>) {}
async fn greeting(_: Option<Authorized<SignedIn>>) {}
async fn sly(State(()): State<()>, _: Authorized<SignedIn>) {}

#[tokio::test]
async fn a_table_is_walked_and_each_route_is_what_it_says() {
    let routes = Routes::default()
        .get("/open", public(open))
        .get("/messages/{id}", guarded(private))
        .delete("/messages/{id}", guarded(private))
        .get("/files/{*path}", guarded(async |_: Authorized<MayRead>| {}))
        .get("/greeting", optional(greeting));
    assert_all_guarded(routes).await;
}

#[tokio::test]
async fn a_public_route_whose_handler_asks_for_a_permit_is_named() {
    let routes = Routes::default().get("/open", public(open)).post("/sly", public(sly));
    let message = failure(assert_all_guarded(routes)).await;
    assert!(message.contains("POST /sly: it is mounted by public(...)"), "{message}");
    assert!(!message.contains("/open"), "{message}");
}

#[tokio::test]
async fn a_permit_in_a_public_handler_guards() {
    let api = Routes::default().post("/sly", public(sly)).into_api(&guard());
    assert_guarded(&api, &[(Method::POST, "/sly")]).await;
}

#[tokio::test]
async fn routes_of_a_bare_router_are_asked_by_name_and_all_that_are_open_are_named() {
    let guard = guard();
    let api = Router::new()
        .route("/messages/{id}", get(private))
        .route("/greeting", get(greeting))
        .route("/open", get(open))
        .layer(guard.layer())
        .with_state(());
    assert_guarded(&api, &[(Method::GET, "/messages/7"), (Method::HEAD, "/messages/7")]).await;
    let routes = [(Method::GET, "/open"), (Method::GET, "/greeting"), (Method::GET, "/messages/7")];
    let message = failure(assert_guarded(&api, &routes)).await;
    assert!(message.contains("GET /open: 200 OK without a token"), "{message}");
    assert!(message.contains("GET /greeting: 200 OK without a token"), "{message}");
    assert!(!message.contains("/messages"), "{message}");
}

#[tokio::test]
async fn a_handler_is_called_with_a_permit_made_for_the_test() {
    async fn hello(permit: Authorized<MayRead>) -> Result<String, Rejection> {
        tokio::task::yield_now().await;
        match &permit.principal().subject {
            Some(subject) => Ok(format!("hello {subject}")),
            None => Err(permit.deny("it names no subject")),
        }
    }
    let subject = Some(Subject::parse("ada").unwrap());
    let permit = Authorized::for_test(Principal { subject, ..Principal::default() });
    assert_eq!(hello(permit).await.unwrap(), "hello ada");
    let rejection = hello(Authorized::for_test(Principal::default())).await.unwrap_err();
    assert_eq!(rejection.into_response().status(), StatusCode::UNAUTHORIZED);
}
