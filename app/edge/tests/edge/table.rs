//! Tests of a `Routes` table that is served as a complete API.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Path, Query, State},
    http::{Request, StatusCode, header},
};
use axum_zitadel::{
    Access, Authorized, Route, Routes, domain::Principal, guarded, optional, public,
};
use serde::Deserialize;

use crate::api::{MayRead, SignedIn, answer, code, guard, request, text, without_token};

const MAX_BODY: usize = 1000;

fn api(routes: Routes) -> Router {
    routes.max_body(MAX_BODY).into_api(&guard())
}

/// Returns a table with a public route, two guarded ones and an optional one.
fn demo() -> Routes {
    async fn open() -> &'static str {
        "open"
    }
    async fn private(_: Authorized<SignedIn>) -> &'static str {
        "private"
    }
    async fn scoped(_: Authorized<MayRead>) -> &'static str {
        "scoped"
    }
    async fn greeting(permit: Option<Authorized<MayRead>>) -> String {
        let subject = permit.as_ref().and_then(|permit| permit.principal().subject.as_ref());
        subject.map_or("stranger".to_owned(), ToString::to_string)
    }
    Routes::default()
        .get("/public", public(open))
        .get("/private", guarded(private))
        .get("/scoped", guarded(scoped))
        .get("/greeting", optional(greeting))
}

#[tokio::test]
async fn an_optional_route_greets_strangers_and_turns_bad_tokens_away() {
    let api = api(demo());
    let response = answer(&api, without_token("GET", "/greeting")).await;
    assert_eq!(response.headers().get(header::CACHE_CONTROL).unwrap(), "no-store");
    assert_eq!(text(response).await, "stranger");
    assert_eq!(text(answer(&api, request("GET", "/greeting", "dev-reader")).await).await, "ada");
    for (token, expected) in [
        ("dev-no-role", "insufficient_scope"),
        ("dev-revoked", "invalid_token"),
        ("down", "introspection_unavailable"),
        ("a b", "invalid_request"),
    ] {
        assert_eq!(code(answer(&api, request("GET", "/greeting", token)).await).await, expected);
    }
}

// docs/incidents.md row 1, without a cache.
#[tokio::test]
async fn every_guarded_route_asks_for_a_token_and_for_its_own_rule() {
    let table = demo();
    let api = api(demo());
    let mut guarded = 0;
    for Route { method, path, access, .. } in table.table() {
        let method = method.as_ref().unwrap();
        let Access::Guarded(policy) = access else {
            continue;
        };
        guarded += 1;
        let path = path.replace(['{', '}', '*'], "");
        let without = Request::builder().method(method).uri(&path).body(Body::empty()).unwrap();
        let response = answer(&api, without).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(code(response).await, "missing_token");
        let response = answer(&api, request(method.as_str(), &path, "dev-no-role")).await;
        let denied = response.status() == StatusCode::UNAUTHORIZED;
        assert_eq!(denied, !policy.is_met_by(&Principal::default()), "{path}");
        for token in ["dev-expired", "dev-revoked", "unknown"] {
            let response = answer(&api, request(method.as_str(), &path, token)).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path} {token}");
            assert_eq!(code(response).await, "invalid_token");
        }
    }
    assert!(guarded > 0);
}

#[tokio::test]
async fn answers_of_guarded_routes_are_not_stored_and_public_ones_may_be() {
    let api = api(demo());
    let response = answer(&api, request("GET", "/private", "dev-reader")).await;
    assert_eq!(response.headers().get(header::CACHE_CONTROL).unwrap(), "no-store");
    let response = answer(&api, request("GET", "/public", "dev-reader")).await;
    assert!(!response.headers().contains_key(header::CACHE_CONTROL));
}

// docs/incidents.md row 15.
#[tokio::test]
async fn no_spelling_of_a_path_slips_past_the_table() {
    let api = api(demo());
    for path in [
        "/public/",
        "//public",
        "/v1//public",
        "/public/..%2fprivate",
        "/public;x",
        "/public%2e",
        "/public/../private",
        "/api/%2e%2e/private",
        "/PRIVATE",
        "/private/",
        "/private%20",
        "/private;jsessionid=1",
        "/v1",
        "/",
        "/public%23",
        "/private%3f",
    ] {
        let response = answer(&api, request("GET", path, "dev-reader")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(code(response).await, "not_found");
    }
    for path in ["/private?x=/public", "/private?access_token=dev-reader"] {
        let without = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(code(answer(&api, without).await).await, "missing_token", "{path}");
    }
    for path in ["/%70rivate", "/privat%65"] {
        let without = Request::get(path).body(Body::empty()).unwrap();
        let status = answer(&api, without).await.status();
        assert!(status == 401 || status == 404, "{path} is {status}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_ones_there_are() {
    let api = api(demo());
    for method in ["POST", "DELETE", "OPTIONS", "FOO"] {
        let response = answer(&api, request(method, "/private", "dev-reader")).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(response.headers().get(header::ALLOW).unwrap(), "GET,HEAD");
        assert_eq!(code(response).await, "method_not_allowed");
    }
}

#[tokio::test]
async fn head_is_guarded_as_get_is() {
    let api = api(demo());
    let response = answer(&api, request("HEAD", "/private", "unknown")).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let response = answer(&api, request("HEAD", "/private", "dev-reader")).await;
    assert_eq!(response.status(), StatusCode::OK);
}

/// Returns a table whose handlers use parameters, bodies and state, or fail.
fn own_routes(notes: Arc<Mutex<Vec<String>>>) -> Routes {
    #[derive(Deserialize)]
    struct Note {
        text: String,
    }
    #[derive(Deserialize)]
    struct Page {
        number: u32,
    }
    type Notes = Arc<Mutex<Vec<String>>>;
    async fn add(
        permit: Authorized<SignedIn>,
        Path(id): Path<u32>,
        State(notes): State<Notes>,
        Json(note): Json<Note>,
    ) -> (StatusCode, String) {
        let subject = permit.principal().subject.as_ref().unwrap();
        notes.lock().unwrap().push(format!("{subject} {id} {}", note.text));
        (StatusCode::CREATED, "done".to_owned())
    }
    async fn list(_: Authorized<SignedIn>, Query(page): Query<Page>) -> String {
        page.number.to_string()
    }
    async fn broken(_: Authorized<SignedIn>) {
        panic!("a bug");
    }
    async fn raw(body: Body) -> Result<String, StatusCode> {
        let bytes = to_bytes(body, usize::MAX).await.map_err(|_| StatusCode::IM_A_TEAPOT)?;
        Ok(bytes.len().to_string())
    }
    async fn teapot() -> (StatusCode, &'static str) {
        (StatusCode::IM_A_TEAPOT, "short and stout")
    }
    Routes::default()
        .post("/notes/{id}", guarded(add))
        .put("/notes/{id}", guarded(add))
        .patch("/notes/{id}", guarded(add))
        .delete("/notes/{id}", guarded(add))
        .get("/notes", guarded(list))
        .get("/broken", guarded(broken))
        .get("/teapot", public(teapot))
        .post("/raw", public(raw))
        .with_state(notes)
}

fn with_body(mut request: Request<Body>, content_type: &str, body: &str) -> Request<Body> {
    request.headers_mut().insert(header::CONTENT_TYPE, content_type.parse().unwrap());
    request.map(|_| Body::from(body.to_owned()))
}

#[tokio::test]
async fn handlers_take_parameters_bodies_and_state_of_their_own() {
    let notes = Arc::default();
    let api = api(own_routes(Arc::clone(&notes)));
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let request = request(method, "/notes/7", "dev-reader");
        let response =
            answer(&api, with_body(request, "application/json", r#"{"text":"hi"}"#)).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{method}");
    }
    assert_eq!(*notes.lock().unwrap(), ["ada 7 hi"; 4]);
}

#[tokio::test]
async fn input_that_a_handler_cannot_read_is_a_problem() {
    let api = api(own_routes(Arc::default()));
    let post = |path: &str, content_type: &str, body: &str| {
        answer(&api, with_body(request("POST", path, "dev-reader"), content_type, body))
    };
    let json = "application/json";
    for (response, status, expected) in [
        (post("/notes/7", json, "{").await, 400, "invalid_input"),
        (post("/notes/x", json, r#"{"text":"hi"}"#).await, 400, "invalid_input"),
        (post("/notes/7", json, &"x".repeat(MAX_BODY + 1)).await, 413, "body_too_large"),
        (post("/notes/7", "text/plain", "hi").await, 415, "unsupported_media_type"),
        (post("/notes/7", json, r#"{"text":1}"#).await, 422, "invalid_body"),
        (answer(&api, request("GET", "/notes?number=x", "dev-reader")).await, 400, "invalid_input"),
    ] {
        assert_eq!(response.status(), status);
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
        assert_eq!(code(response).await, expected);
    }
}

#[tokio::test]
async fn a_handler_that_takes_the_body_as_it_comes_reads_no_more_than_is_allowed() {
    let api = api(own_routes(Arc::default()));
    let post = |length| {
        let body = "x".repeat(length);
        answer(&api, with_body(request("POST", "/raw", "dev-reader"), "text/plain", &body))
    };
    assert_eq!(text(post(MAX_BODY).await).await, MAX_BODY.to_string());
    assert_eq!(post(MAX_BODY + 1).await.status(), StatusCode::IM_A_TEAPOT);
}

#[tokio::test]
async fn nothing_else_of_the_request_is_read_for_a_stranger() {
    let api = api(own_routes(Arc::default()));
    let request = with_body(request("POST", "/notes/x", "unknown"), "text/plain", "{");
    assert_eq!(code(answer(&api, request).await).await, "invalid_token");
}

#[tokio::test]
async fn a_handlers_own_words_stay_as_they_are() {
    let api = api(own_routes(Arc::default()));
    let response = answer(&api, request("GET", "/teapot", "dev-reader")).await;
    assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(text(response).await, "short and stout");
}

#[tokio::test]
async fn a_panic_is_a_500_and_harms_no_other_request() {
    let api = api(own_routes(Arc::default()));
    let response = answer(&api, request("GET", "/broken", "dev-reader")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(code(response).await, "internal_error");
    let response = answer(&api, request("GET", "/notes?number=1", "dev-reader")).await;
    assert_eq!(text(response).await, "1");
}

#[test]
fn a_route_table_shows_itself() {
    let shown = format!("{:?} {:?}", demo(), public::<_, _, ()>(async || {}));
    assert!(shown.contains("/scoped") && shown.contains("Public"), "{shown}");
}
