//! Tests of a guard with protected resource metadata (RFC 9728): challenges, the metadata document,
//! and requests from pages of other origins.

use std::{convert::Infallible, sync::Arc};

use adapters::{InMemoryIntrospector, SystemClock};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{HeaderValue, header},
    response::Response,
};
use axum_zitadel::{
    Authorized, Guard, GuardBuilder, MissingRoleStatus, Rejection, Resource, Routes,
    domain::{
        AccessToken, ActiveToken, Authorizer, Introspection, Organization, OrganizationId, Policy,
        Principal, Requirements, Role, Rule, Scope, ScopeToken,
    },
    guarded, require, resource_metadata,
};
use serde_json::{Value, json};
use tower::service_fn;

use crate::api::{MayRead, Noted, SignedIn, answer, code, request, text, without_token};

const URL: &str = "https://api.test/mcp";
const BEGIN: &str = "Bearer realm=\"api\", resource_metadata=\"https://api.test/.well-known/\
                     oauth-protected-resource/mcp\"";
const SCOPES: [&str; 2] = ["openid", "urn:zitadel:iam:org:project:id:1:aud"];

/// Rule for callers with the role `read` whose token has the scope `email`.
struct MayReadMail;

impl Rule for MayReadMail {
    const POLICY: &'static Policy = &Policy::AllOf(&[
        Policy::Role(Role::from_static("read")),
        Policy::Scope(ScopeToken::from_static("email")),
    ]);
}

fn resource() -> Resource {
    let scopes = SCOPES.map(ScopeToken::from_static).to_vec();
    Resource::new(URL)
        .unwrap()
        .scopes(scopes)
        .authorization_server(|| "https://auth.test/".to_owned())
        .name("messages")
        .documentation("https://docs.test")
}

/// Returns the builder of a guard that admits only users of `organizations`. The guard knows tokens
/// of the organizations `1` and `2`, and one token without an organization.
fn builder(organizations: &[&'static str]) -> GuardBuilder {
    let token = |text| AccessToken::parse(text).unwrap().into_owned();
    let active = |organization: Option<&'static str>, role: Option<&'static str>| {
        let organization = organization.map(OrganizationId::from_static);
        let granted_by =
            Organization { id: OrganizationId::from_static("1"), primary_domain: "a.test".into() };
        let roles = role.map(|role| (Role::from_static(role), granted_by)).into_iter().collect();
        let scope = Scope::parse("openid");
        let principal = Principal { organization, roles, scope, ..Principal::default() };
        Introspection::Active(ActiveToken {
            principal: Arc::new(principal),
            ..ActiveToken::default()
        })
    };
    let introspector = InMemoryIntrospector::new([
        (token("reader"), active(Some("1"), Some("read"))),
        (token("no-role"), active(Some("1"), None)),
        (token("stranger"), active(Some("2"), Some("read"))),
        (token("untold"), active(None, Some("read"))),
        (token("revoked"), Introspection::Inactive),
    ]);
    let organizations = organizations.iter().map(|id| OrganizationId::from_static(id)).collect();
    let requirements = Requirements { organizations, ..Requirements::default() };
    Guard::builder(Authorizer::new(Arc::new(introspector), Arc::new(SystemClock), requirements))
        .resource(resource())
}

async fn read(_: Authorized<MayRead>) {}

async fn mail(_: Authorized<MayReadMail>) {}

async fn home(_: Authorized<SignedIn>) {}

async fn late(permit: Authorized<MayRead>) -> Rejection {
    permit.deny("it is of somebody else")
}

fn routes() -> Routes {
    let service =
        service_fn(async |_: Request| Ok::<_, Infallible>(Response::new(Body::from("in"))));
    Routes::default()
        .get("/", guarded(home))
        .get("/read", guarded(read))
        .get("/mail", guarded(mail))
        .get("/late", guarded(late))
        .service("/mcp", require::<MayRead>(service))
}

fn challenge(response: &Response) -> &str {
    let mut challenges = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
    let challenge = challenges.next().unwrap();
    assert!(challenges.next().is_none(), "there is exactly one");
    challenge.to_str().unwrap()
}

#[tokio::test]
async fn a_challenge_names_what_to_ask_for_and_begins_no_login_that_does_not_help() {
    let of_everybody = format!("{BEGIN}, scope=\"{}\"", SCOPES.join(" "));
    let of_mail = format!("{BEGIN}, scope=\"{} email\"", SCOPES.join(" "));
    let invalid = |description: &str| {
        format!("{of_everybody}, error=\"invalid_token\", error_description=\"{description}\"")
    };
    let lacks = |challenge: &str, description: &str| {
        format!("{challenge}, error=\"insufficient_scope\", error_description=\"{description}\"")
    };
    let api = routes().into_api(&builder(&["1"]).build());
    for (path, token, status, code_, expected) in [
        ("/", None, 401, "missing_token", of_everybody.clone()),
        ("/mcp", None, 401, "missing_token", of_everybody.clone()),
        ("/mail", None, 401, "missing_token", of_mail.clone()),
        (
            "/read",
            Some("revoked"),
            401,
            "invalid_token",
            invalid("The access token is not active, or it is not meant for this API."),
        ),
        ("/read", Some("no-role"), 403, "insufficient_scope", BEGIN.to_owned()),
        ("/mcp", Some("no-role"), 403, "insufficient_scope", BEGIN.to_owned()),
        ("/mail", Some("no-role"), 403, "insufficient_scope", BEGIN.to_owned()),
        (
            "/mail",
            Some("reader"),
            403,
            "insufficient_scope",
            lacks(
                &of_mail,
                "The access token does not have all of (the role read, the scope email).",
            ),
        ),
        ("/late", Some("reader"), 403, "insufficient_scope", BEGIN.to_owned()),
        ("/", Some("stranger"), 403, "wrong_organization", BEGIN.to_owned()),
        (
            "/",
            Some("untold"),
            403,
            "insufficient_scope",
            lacks(&of_everybody, "The access token does not tell the user's organization."),
        ),
        (
            "/",
            Some("a,b"),
            400,
            "invalid_request",
            format!(
                "{BEGIN}, error=\"invalid_request\", error_description=\"The access token has a \
                 character that RFC 6750 section 2.1 does not allow.\""
            ),
        ),
    ] {
        let ask = || match token {
            Some(token) => request("GET", path, token),
            None => without_token("GET", path),
        };
        let response = answer(&api, ask()).await;
        assert_eq!(challenge(&response), expected, "{path} {token:?}");
        assert_eq!(response.status(), status, "{path} {token:?}");
        assert_eq!(code(response).await, code_);
        // A client retries for ever if the second challenge differs.
        assert_eq!(challenge(&answer(&api, ask()).await), expected);
    }
}

#[tokio::test]
async fn a_status_of_401_for_a_missing_role_wins() {
    let guard = builder(&["1"]).missing_role_status(MissingRoleStatus::Unauthorized).build();
    let api = routes().into_api(&guard);
    for (path, token, error) in [
        ("/read", "no-role", "insufficient_scope"),
        ("/mail", "reader", "insufficient_scope"),
        ("/", "stranger", "invalid_token"),
    ] {
        let response = answer(&api, request("GET", path, token)).await;
        assert_eq!(response.status(), 401);
        let challenge = challenge(&response);
        assert!(challenge.contains("scope=\"openid "), "{challenge}");
        assert!(challenge.contains(&format!("error=\"{error}\"")), "{challenge}");
    }
}

#[tokio::test]
async fn every_method_of_a_service_asks_for_a_token_at_its_path_with_and_without_a_slash() {
    let api = routes().into_api(&builder(&[]).build());
    for method in ["GET", "POST", "DELETE"] {
        for path in ["/mcp", "/mcp/"] {
            let response = answer(&api, without_token(method, path)).await;
            assert_eq!(response.status(), 401, "{method} {path}");
            let response = answer(&api, request(method, path, "reader")).await;
            assert_eq!(text(response).await, "in");
        }
    }
}

#[test]
#[should_panic(expected = "any active token would include those of strangers")]
fn a_service_that_lets_in_strangers_is_refused() {
    let service = service_fn(async |_: Request| Ok::<_, Infallible>(Response::new(Body::empty())));
    let _ = builder(&[]).build().require::<SignedIn>(service);
}

#[test]
fn a_service_for_a_list_of_organizations_needs_no_role() {
    let service = service_fn(async |_: Request| Ok::<_, Infallible>(Response::new(Body::empty())));
    let _ = builder(&["1"]).build().require::<SignedIn>(service);
}

#[test]
#[should_panic(expected = "clients take for a field")]
fn a_realm_that_looks_like_a_field_is_refused() {
    let _ = builder(&[]).realm("scope=a".parse().unwrap()).build();
}

fn program(guards: &[&Guard]) -> Router {
    let api = Router::new().merge(resource_metadata(guards.iter().copied()));
    api.with_state(())
}

const AT_ROOT: &str = "/.well-known/oauth-protected-resource";

#[tokio::test]
async fn the_metadata_say_where_to_sign_in_to_every_page() {
    let noted = Noted::default();
    let api = program(&[&builder(&[]).observer(noted.clone()).build()]);
    let path = format!("{AT_ROOT}/mcp");
    for path in [&*path, AT_ROOT] {
        let response = answer(&api, without_token("GET", path)).await;
        assert_eq!(response.status(), 200);
        let headers = response.headers();
        assert_eq!(headers[header::CONTENT_TYPE], "application/json");
        assert_eq!(headers[header::CACHE_CONTROL], "max-age=300");
        assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
        let length = headers[header::CONTENT_LENGTH].clone();
        let document: Value = serde_json::from_str(&text(response).await).unwrap();
        let expected = json!({
            "resource": URL,
            "authorization_servers": ["https://auth.test/"],
            "scopes_supported": SCOPES,
            "bearer_methods_supported": ["header"],
            "resource_name": "messages",
            "resource_documentation": "https://docs.test",
        });
        assert_eq!(document, expected);
        let response = answer(&api, without_token("HEAD", path)).await;
        assert_eq!(response.headers()[header::CONTENT_LENGTH], length);
        assert_eq!(text(response).await, "");
    }
    let response = answer(&api, without_token("OPTIONS", &path)).await;
    assert_eq!(response.status(), 204);
    let allowed = response.headers()[header::ACCESS_CONTROL_ALLOW_HEADERS].to_str().unwrap();
    assert!(allowed.contains("MCP-Protocol-Version"), "{allowed}");
    assert_eq!(response.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    let response = answer(&api, without_token("POST", &path)).await;
    assert_eq!(response.headers()[header::ALLOW], "GET, HEAD, OPTIONS");
    assert_eq!(response.status(), 405);
    assert_eq!(noted.take().first().unwrap(), &format!("GET {path} 200 ok -"));
}

#[tokio::test]
async fn several_resources_are_told_apart_by_path() {
    let second = Resource::new("https://api.test/other").unwrap();
    let (first, second) = (builder(&[]).build(), builder(&[]).resource(second).build());
    let api = program(&[&first, &second]);
    for (path, resource) in [("/mcp", URL), ("/other", "https://api.test/other")] {
        let response = answer(&api, without_token("GET", &format!("{AT_ROOT}{path}"))).await;
        let document: Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!(document["resource"], resource);
    }
    assert_eq!(answer(&api, without_token("GET", AT_ROOT)).await.status(), 404);
}

#[tokio::test]
async fn without_more_the_metadata_have_what_is_known() {
    let resource = Resource::new("https://api.test").unwrap();
    let api = program(&[&builder(&[]).resource(resource).build()]);
    let response = answer(&api, without_token("GET", AT_ROOT)).await;
    let document: Value = serde_json::from_str(&text(response).await).unwrap();
    let expected = json!({
        "resource": "https://api.test", "bearer_methods_supported": ["header"],
    });
    assert_eq!(document, expected);
}

#[tokio::test]
async fn a_page_of_another_origin_is_refused_before_anyone_is_asked() {
    let introspector = crate::api::Introspector::new();
    let guard = crate::api::builder(&introspector)
        .resource(resource())
        .allowed_origins([HeaderValue::from_static("https://app.test")])
        .build();
    let api = routes().into_api(&guard);
    let from = |origin: &'static str, path: &str| {
        let mut request = request("POST", path, "dev-reader");
        request.headers_mut().insert(header::ORIGIN, HeaderValue::from_static(origin));
        request
    };
    for origin in ["https://evil.test", "null", "https://api.test:8443", "http://api.test", ""] {
        let response = answer(&api, from(origin, "/mcp")).await;
        assert_eq!(response.status(), 403, "{origin}");
        assert!(!response.headers().contains_key(header::WWW_AUTHENTICATE));
        assert_eq!(code(response).await, "foreign_origin");
    }
    let mut two = from("https://app.test", "/mcp");
    two.headers_mut().append(header::ORIGIN, HeaderValue::from_static("https://evil.test"));
    assert_eq!(answer(&api, two).await.status(), 403);
    assert_eq!(introspector.asked(), 0);
    for origin in ["https://app.test", "https://api.test"] {
        assert_eq!(text(answer(&api, from(origin, "/mcp")).await).await, "in");
    }
    // Handlers of a route table do not check the origin.
    let mut elsewhere = from("https://evil.test", "/read");
    *elsewhere.method_mut() = axum::http::Method::GET;
    assert_eq!(answer(&api, elsewhere).await.status(), 200);
}
