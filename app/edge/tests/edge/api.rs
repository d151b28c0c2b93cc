//! Test helpers: rules, a guard that knows four tokens, and functions for requests and responses.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use adapters::{InMemoryIntrospector, SystemClock};
use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
    response::Response,
};
use axum_zitadel::{
    Guard, GuardBuilder, RequestEnd, RequestHead, RequestObserver,
    domain::{
        AccessToken, ActiveToken, Authorizer, Introspection, IntrospectionError, Organization,
        OrganizationId, Outage, Policy, Principal, Requirements, Role, Rule, Subject,
        TokenIntrospector,
    },
};
use serde_json::Value;
use tower::ServiceExt;
use tracing::Span;

#[derive(Debug)]
pub(crate) struct SignedIn;

impl Rule for SignedIn {
    const POLICY: &'static Policy = &Policy::Authenticated;
}

#[derive(Debug)]
pub(crate) struct MayRead;

impl Rule for MayRead {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static("read"));
}

/// Introspector that knows four tokens, fails for the token `down`, and counts its calls.
pub(crate) struct Introspector {
    tokens: InMemoryIntrospector,
    asked: Mutex<usize>,
}

impl Introspector {
    pub(crate) fn new() -> Arc<Self> {
        let organization =
            Organization { id: OrganizationId::from_static("1"), primary_domain: "a.test".into() };
        let role = (Role::from_static("read"), organization);
        let active = |roles: Option<_>, expires_at| {
            let principal = Principal {
                subject: Some(Subject::parse("ada").unwrap()),
                roles: roles.into_iter().collect(),
                ..Principal::default()
            };
            let principal = Arc::new(principal);
            Introspection::Active(ActiveToken { expires_at, principal, ..ActiveToken::default() })
        };
        let past = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1));
        let tokens = [
            ("dev-reader", active(Some(role), None)),
            ("dev-no-role", active(None, None)),
            ("dev-expired", active(None, past)),
            ("dev-revoked", Introspection::Inactive),
        ];
        let token = |text| AccessToken::parse(text).unwrap().into_owned();
        let tokens = tokens.map(|(text, introspection)| (token(text), introspection));
        Arc::new(Self { tokens: InMemoryIntrospector::new(tokens), asked: Mutex::default() })
    }

    pub(crate) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

#[async_trait]
impl TokenIntrospector for Introspector {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        *self.asked.lock().unwrap() += 1;
        if token.expose_secret() == "down" {
            let source = Arc::new(std::io::Error::other("a test"));
            return Err(IntrospectionError::Unavailable { reason: Outage::Unreachable, source });
        }
        self.tokens.introspect(token).await
    }
}

pub(crate) fn builder(introspector: &Arc<Introspector>) -> GuardBuilder {
    let introspector: Arc<dyn TokenIntrospector> = Arc::<Introspector>::clone(introspector);
    Guard::builder(Authorizer::new(introspector, Arc::new(SystemClock), Requirements::default()))
}

pub(crate) fn guard() -> Guard {
    builder(&Introspector::new()).build()
}

/// Observer that records HTTP method, route, status, outcome and subject of each request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Noted(Arc<Mutex<Vec<String>>>);

impl Noted {
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl RequestObserver for Noted {
    fn ended(&self, _: &Span, head: RequestHead<'_>, end: RequestEnd<'_>) {
        let subject = end.principal.and_then(|principal| principal.subject.as_ref());
        let subject = subject.map_or("-", Subject::as_str);
        let (status, outcome) = (end.status.as_u16(), end.outcome());
        let line = format!("{} {} {status} {outcome} {subject}", head.method, head.route);
        self.0.lock().unwrap().push(line);
    }
}

pub(crate) fn request(method: &str, path: &str, token: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .unwrap()
}

pub(crate) async fn answer(api: &Router, request: Request<Body>) -> Response {
    api.clone().oneshot(request).await.unwrap()
}

pub(crate) async fn text(response: Response) -> String {
    let body = to_bytes(response.into_body(), 100_000).await.unwrap();
    String::from_utf8(body.into()).unwrap()
}

/// Asserts that the response is a problem (RFC 9457), and returns the problem's code.
pub(crate) async fn code(response: Response) -> String {
    let content_type = response.headers().get(header::CONTENT_TYPE).unwrap();
    assert_eq!(content_type, "application/problem+json");
    assert_eq!(response.headers().get(header::CACHE_CONTROL).unwrap(), "no-store");
    let problem: Value = serde_json::from_str(&text(response).await).unwrap();
    problem["code"].as_str().unwrap().to_owned()
}

pub(crate) fn without_token(method: &str, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
}
