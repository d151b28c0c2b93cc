//! Tests of the layers around every route of an API: CORS and metrics.

use std::collections::{BTreeMap, BTreeSet};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
    response::Response,
};
use axum_zitadel::{
    Authorized, Routes, ServicePermit,
    domain::rules::{ReadMessages, SignedIn},
    guarded, require,
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

// No label holds a token, a subject or a path made up by a caller.
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

const RESOURCE: [(&str, &str); 2] = [
    ("APP_RESOURCE__URL", "http://localhost:5000/mcp"),
    ("APP_ZITADEL__PROJECT_ID", "340000000000000001"),
];

#[tokio::test]
async fn every_page_reads_the_metadata_of_a_resource_and_a_page_of_the_list_the_session() {
    let api = api(&[CORS[0], RESOURCE[0], RESOURCE[1]], None);
    let path = "/.well-known/oauth-protected-resource/mcp";
    for origin in ["https://app.example.com", "https://elsewhere.test"] {
        for method in [Method::GET, Method::OPTIONS] {
            let response = answer(&api, browser(method, path, origin)).await;
            assert!(response.status().is_success());
            let allowed: Vec<_> =
                response.headers().get_all(header::ACCESS_CONTROL_ALLOW_ORIGIN).iter().collect();
            assert_eq!(allowed, ["*"]);
        }
    }
    let page = browser(Method::GET, "/api/private", "https://app.example.com");
    let response = answer(&api, page).await;
    let exposed = words(response.headers(), header::ACCESS_CONTROL_EXPOSE_HEADERS);
    assert!(exposed.contains("mcp-session-id"), "{exposed:?}");
}

#[tokio::test]
async fn without_a_resource_there_are_no_metadata_and_nothing_more_is_exposed() {
    let api = api(&CORS, None);
    let metadata = request("GET", "/.well-known/oauth-protected-resource", "dev-reader");
    assert_eq!(answer(&api, metadata).await.status(), StatusCode::NOT_FOUND);
    let page = browser(Method::GET, "/api/private", "https://app.example.com");
    let response = answer(&api, page).await;
    let exposed = words(response.headers(), header::ACCESS_CONTROL_EXPOSE_HEADERS);
    let expected = ["retry-after", "www-authenticate", "x-request-id"];
    assert_eq!(exposed, expected.map(str::to_owned).into());
    let challenge = &response.headers()[header::WWW_AUTHENTICATE];
    assert_eq!(challenge, "Bearer realm=\"api\"");
}

#[test]
fn a_service_that_any_active_token_opens_is_refused_with_a_resource() {
    async fn answer(_: Request<Body>) -> Result<Response, std::convert::Infallible> {
        Ok(Response::new(Body::empty()))
    }
    let start = |variables: &[(&str, &str)]| {
        let mut environment = BTreeMap::from([("APP_INTROSPECTOR".to_owned(), "fake".to_owned())]);
        environment.extend(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let directory = tempfile::tempdir().unwrap();
        let config = Config::read(environment, directory.path()).unwrap();
        let service = require::<SignedIn>(tower::service_fn(answer));
        compose::api(config, Routes::default().service("/mcp", service), None)
    };
    let error = start(&RESOURCE).err().unwrap().to_string();
    assert!(error.starts_with("resource.url: any active token opens /mcp"), "{error}");
    assert!(start(&[]).is_ok());
    let organizations = ("APP_AUTH__ORGANIZATIONS", "340000000000000200");
    assert!(start(&[RESOURCE[0], RESOURCE[1], organizations]).is_ok());
}

#[tokio::test]
async fn a_rule_within_a_service_that_is_not_met_is_counted() {
    async fn tool(request: Request<Body>) -> Result<Response, std::convert::Infallible> {
        let permit = request.extensions().get::<ServicePermit>().unwrap();
        assert!(permit.require::<ReadMessages>().await.is_err());
        Ok(Response::new(Body::empty()))
    }
    let metrics = Metrics::new();
    let environment = BTreeMap::from([("APP_INTROSPECTOR".to_owned(), "fake".to_owned())]);
    let config = Config::read(environment, tempfile::tempdir().unwrap().path()).unwrap();
    let service = require::<SignedIn>(tower::service_fn(tool)).with::<(ReadMessages,)>();
    let routes = Routes::default().service("/mcp", service);
    let api = compose::api(config, routes, Some(metrics.clone())).unwrap().router;
    answer(&api, request("POST", "/mcp", "dev-no-role")).await;
    let rendered = metrics.render();
    for line in [
        r#"service_denials_total{route="/mcp",reason="policy_not_met"} 1"#,
        r#"http_server_request_duration_seconds_count{method="POST",route="/mcp",status="200",outcome="ok"} 1"#,
    ] {
        assert!(rendered.lines().any(|found| found == line), "{line}\n{rendered}");
    }
}
