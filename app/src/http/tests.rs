//! The whole router in process, with the in-memory fake behind it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use adapters::{InMemoryIntrospector, SystemClock};
use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{Path, Query, State},
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::Response,
};
use domain::{Authorizer, Principal, Requirements, rules::SignedIn};
use serde::Deserialize;
use serde_json::Value;
use tower::ServiceExt;

use super::{
    Access, Authorized, Guard, Observation, Route, Routes, guarded, public, router, routes,
};
use crate::{
    LocalTokens,
    config::{Auth, Cors, MissingRoleStatus},
    metrics::Metrics,
};

/// Bytes.
const MAX_BODY: usize = 1000;

fn api(routes: Routes, cors: &Cors) -> Router {
    observed_api(routes, cors, Observation::default())
}

fn observed_api(routes: Routes, cors: &Cors, observation: Observation) -> Router {
    let auth = Auth {
        realm: "api".parse().unwrap(),
        missing_role_status: MissingRoleStatus::Unauthorized,
        leeway: Duration::ZERO,
        organizations: Vec::new(),
        audiences: Vec::new(),
    };
    let introspector = InMemoryIntrospector::new(LocalTokens::embedded().answers());
    let authorizer =
        Authorizer::new(Arc::new(introspector), Arc::new(SystemClock), Requirements::default());
    router(routes, Guard::new(authorizer, auth, false), cors, MAX_BODY, observation)
}

fn request(method: &str, path: &str, token: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap()
}

async fn answer(api: &Router, request: Request<Body>) -> Response {
    api.clone().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    let body = to_bytes(response.into_body(), 100_000).await.unwrap();
    String::from_utf8(body.into()).unwrap()
}

/// Checks that the answer is a problem, and gives its code.
async fn code(response: Response) -> String {
    let content_type = response.headers().get(header::CONTENT_TYPE).unwrap();
    assert_eq!(content_type, "application/problem+json");
    assert_eq!(response.headers().get(header::CACHE_CONTROL).unwrap(), "no-store");
    let problem: Value = serde_json::from_str(&text(response).await).unwrap();
    problem["code"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_three_routes_answer_what_the_contract_says() {
    let api = api(routes(), &Cors::default());
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
        let response = answer(&api, request("GET", path, "dev-reader")).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(text(response).await, expected);
    }
}

#[test]
fn the_public_routes_are_these_and_no_others() {
    let table = routes();
    let public: Vec<_> = table
        .table()
        .iter()
        .filter(|route| route.access == Access::Public)
        .map(|route| (route.method.as_str(), route.path))
        .collect();
    let expected = [("GET", "/api/public")];
    assert_eq!(public, expected, "is every one of these meant to be public? Then add it here");
}

// incidents.md row 1, cold half: each route asks its own rule about the same token.
#[tokio::test]
async fn every_guarded_route_asks_for_a_token_and_for_its_own_rule() {
    let table = routes();
    let api = api(routes(), &Cors::default());
    let mut guarded = 0;
    for Route { method, path, access } in table.table() {
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
    let api = api(routes(), &Cors::default());
    let response = answer(&api, request("GET", "/api/private", "dev-reader")).await;
    assert_eq!(response.headers().get(header::CACHE_CONTROL).unwrap(), "no-store");
    let response = answer(&api, request("GET", "/api/public", "dev-reader")).await;
    assert!(!response.headers().contains_key(header::CACHE_CONTROL));
}

// incidents.md row 15: a public route is an exact match, whatever trick the path plays.
#[tokio::test]
async fn no_spelling_of_a_path_slips_past_the_table() {
    let api = api(routes(), &Cors::default());
    for path in [
        "/api/public/",
        "//api/public",
        "/api//public",
        "/api/public/..%2fprivate",
        "/api/public;x",
        "/api/public%2e",
        "/api/public/../private",
        "/api/%2e%2e/api/private",
        "/API/private",
        "/api/private/",
        "/api/private%20",
        "/api/private;jsessionid=1",
        "/api",
        "/",
        "/api/public%23",
        "/api/private%3f",
    ] {
        let response = answer(&api, request("GET", path, "dev-reader")).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(code(response).await, "not_found");
    }
    for path in ["/api/private?x=/api/public", "/api/private?access_token=dev-reader"] {
        let without = Request::get(path).body(Body::empty()).unwrap();
        assert_eq!(code(answer(&api, without).await).await, "missing_token", "{path}");
    }
    for path in ["/api/%70rivate", "/api/privat%65"] {
        let without = Request::get(path).body(Body::empty()).unwrap();
        let status = answer(&api, without).await.status();
        assert!(status == 401 || status == 404, "{path} is {status}");
    }
}

#[tokio::test]
async fn a_wrong_method_is_told_which_ones_there_are() {
    let api = api(routes(), &Cors::default());
    for method in ["POST", "DELETE", "OPTIONS", "FOO"] {
        let response = answer(&api, request(method, "/api/private", "dev-reader")).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(response.headers().get(header::ALLOW).unwrap(), "GET,HEAD");
        assert_eq!(code(response).await, "method_not_allowed");
    }
}

#[tokio::test]
async fn head_is_guarded_as_get_is() {
    let api = api(routes(), &Cors::default());
    let response = answer(&api, request("HEAD", "/api/private", "unknown")).await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let response = answer(&api, request("HEAD", "/api/private", "dev-reader")).await;
    assert_eq!(response.status(), StatusCode::OK);
}

/// What somebody's own handlers do with parameters, bodies and state.
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
        Authorized(permit): Authorized<SignedIn>,
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
    let api = api(own_routes(Arc::clone(&notes)), &Cors::default());
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let request = request(method, "/notes/7", "dev-reader");
        let response =
            answer(&api, with_body(request, "application/json", r#"{"text":"hi"}"#)).await;
        assert_eq!(response.status(), StatusCode::CREATED, "{method}");
    }
    assert_eq!(*notes.lock().unwrap(), ["dev-reader 7 hi"; 4]);
}

#[tokio::test]
async fn what_a_handler_cannot_read_is_a_problem() {
    let api = api(own_routes(Arc::default()), &Cors::default());
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
    let api = api(own_routes(Arc::default()), &Cors::default());
    let post = |length| {
        let body = "x".repeat(length);
        answer(&api, with_body(request("POST", "/raw", "dev-reader"), "text/plain", &body))
    };
    assert_eq!(text(post(MAX_BODY).await).await, MAX_BODY.to_string());
    assert_eq!(post(MAX_BODY + 1).await.status(), StatusCode::IM_A_TEAPOT);
}

#[tokio::test]
async fn nothing_else_of_the_request_is_read_for_a_stranger() {
    let api = api(own_routes(Arc::default()), &Cors::default());
    let request = with_body(request("POST", "/notes/x", "unknown"), "text/plain", "{");
    assert_eq!(code(answer(&api, request).await).await, "invalid_token");
}

#[tokio::test]
async fn a_handlers_own_words_stay_as_they_are() {
    let api = api(own_routes(Arc::default()), &Cors::default());
    let response = answer(&api, request("GET", "/teapot", "dev-reader")).await;
    assert_eq!(response.status(), StatusCode::IM_A_TEAPOT);
    assert_eq!(text(response).await, "short and stout");
}

#[tokio::test]
async fn a_panic_is_a_500_and_harms_no_other_request() {
    let api = api(own_routes(Arc::default()), &Cors::default());
    let response = answer(&api, request("GET", "/broken", "dev-reader")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(code(response).await, "internal_error");
    let response = answer(&api, request("GET", "/notes?number=1", "dev-reader")).await;
    assert_eq!(text(response).await, "1");
}

// No label holds a token, a subject or a path that a caller made up.
#[tokio::test]
async fn each_request_is_measured_by_its_route_and_its_outcome() {
    let metrics = Metrics::new();
    let observation = Observation { metrics: Some(metrics.clone()), ..Observation::default() };
    let api = observed_api(routes(), &Cors::default(), observation);
    for (method, path, token) in [
        ("GET", "/api/private", "dev-reader"),
        ("GET", "/api/private", "dev-reader"),
        ("HEAD", "/api/private", "dev-reader"),
        ("GET", "/api/private", "dev-revoked"),
        ("GET", "/api/private-scoped", "dev-no-role"),
        ("GET", "/secret-path?token=secret", "secret-token"),
        ("BREW", "/secret-path", "secret-token"),
        ("BREW", "/api/private", "secret-token"),
    ] {
        answer(&api, request(method, path, token)).await;
    }
    let rendered = metrics.render();
    for (labels, count) in [
        (r#"method="GET",route="/api/private",status="200",outcome="ok""#, 2),
        (r#"method="HEAD",route="/api/private",status="200",outcome="ok""#, 1),
        (r#"method="GET",route="/api/private",status="401",outcome="inactive""#, 1),
        (r#"method="GET",route="/api/private-scoped",status="401",outcome="policy_not_met""#, 1),
        (r#"method="GET",route="unmatched",status="404",outcome="not_found""#, 1),
        (r#"method="other",route="unmatched",status="404",outcome="not_found""#, 1),
        (r#"method="other",route="/api/private",status="405",outcome="method_not_allowed""#, 1),
    ] {
        let line = format!("http_server_request_duration_seconds_count{{{labels}}} {count}");
        assert!(rendered.lines().any(|found| found == line), "{line}\n{rendered}");
    }
    assert!(!rendered.contains("secret") && !rendered.contains("dev-"), "{rendered}");
}

#[test]
fn a_route_table_shows_itself() {
    let shown = format!("{:?} {:?}", routes(), public::<_, _, ()>(async || {}));
    assert!(shown.contains("/api/private-scoped") && shown.contains("Public"), "{shown}");
}

fn browser(method: Method, path: &str, origin: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::ORIGIN, origin)
        .header(header::ACCESS_CONTROL_REQUEST_METHOD, "GET")
        .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization")
        .body(Body::empty())
        .unwrap()
}

fn words(headers: &HeaderMap, name: header::HeaderName) -> BTreeSet<String> {
    let value = headers.get(name).map_or("", |value| value.to_str().unwrap()).to_lowercase();
    value.split(',').map(|word| word.trim().to_owned()).collect()
}

#[tokio::test]
async fn a_preflight_is_answered_before_anyone_is_asked_for_a_token() {
    let cors = Cors { allowed_origins: vec!["https://app.example.com".parse().unwrap()] };
    let api = api(routes(), &cors);
    let preflight = browser(Method::OPTIONS, "/api/private", "https://app.example.com");
    let response = answer(&api, preflight).await;
    assert_eq!(response.status(), StatusCode::OK);
    let headers = response.headers();
    let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).unwrap();
    assert_eq!(allowed, "https://app.example.com");
    assert!(words(headers, header::ACCESS_CONTROL_ALLOW_HEADERS).contains("authorization"));
    assert!(words(headers, header::ACCESS_CONTROL_ALLOW_METHODS).contains("get"));
    assert!(words(headers, header::VARY).contains("origin"));
}

#[tokio::test]
async fn a_denial_carries_the_cors_headers_too() {
    let cors = Cors { allowed_origins: vec!["https://app.example.com".parse().unwrap()] };
    let api = api(routes(), &cors);
    for (path, status) in [("/api/private", 401), ("/nowhere", 404)] {
        let response = answer(&api, browser(Method::GET, path, "https://app.example.com")).await;
        assert_eq!(response.status(), status);
        let headers = response.headers();
        let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).unwrap();
        assert_eq!(allowed, "https://app.example.com");
        let exposed = words(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS);
        assert!(exposed.contains("www-authenticate") && exposed.contains("retry-after"));
    }
}

#[tokio::test]
async fn another_origin_is_not_allowed_and_without_origins_there_is_no_cors() {
    let cors = Cors { allowed_origins: vec!["https://app.example.com".parse().unwrap()] };
    for (cors, origin) in
        [(cors, "https://app.example.com.evil.test"), (Cors::default(), "https://app.example.com")]
    {
        let api = api(routes(), &cors);
        let response = answer(&api, browser(Method::GET, "/api/private", origin)).await;
        assert!(!response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }
}
