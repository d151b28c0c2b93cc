//! What stands around every route of an API: CORS, metrics.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::Response,
};
use axum_zitadel::{
    Authorized, Routes,
    domain::rules::{ReadMessages, SignedIn},
    guarded,
};
use tower::ServiceExt;

use crate::{Config, compose, metrics::Metrics};

fn routes() -> Routes {
    async fn private(_: Authorized<SignedIn>) {}
    async fn scoped(_: Authorized<ReadMessages>) {}
    Routes::default()
        .get("/api/private", guarded(private))
        .get("/api/private-scoped", guarded(scoped))
}

fn api(environment: &[(&str, &str)], metrics: Option<Metrics>) -> Router {
    let mut variables = BTreeMap::from([("APP_INTROSPECTOR".to_owned(), "fake".to_owned())]);
    variables.extend(environment.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    let directory = tempfile::tempdir().unwrap();
    let config = Config::read(variables, directory.path()).unwrap();
    compose::api(config, routes(), metrics).unwrap().router
}

const CORS: [(&str, &str); 1] = [("APP_CORS__ALLOWED_ORIGINS", "https://app.example.com")];

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

// No label holds a token, a subject or a path that a caller made up.
#[tokio::test]
async fn each_request_is_measured_by_its_route_and_its_outcome() {
    let metrics = Metrics::new();
    let api = api(&[], Some(metrics.clone()));
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
    let api = api(&CORS, None);
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
    let api = api(&CORS, None);
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
    for (cors, origin) in
        [(&CORS[..], "https://app.example.com.evil.test"), (&[], "https://app.example.com")]
    {
        let api = api(cors, None);
        let response = answer(&api, browser(Method::GET, "/api/private", origin)).await;
        assert!(!response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN));
    }
}
