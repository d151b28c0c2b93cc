//! Helpers to test a service without ZITADEL and without sockets (`feature = "testing"`).
//!
//! For dev-dependencies only: a shipped program must not create permits without introspection.
//!
//! ```toml
//! [dev-dependencies]
//! axum-zitadel = { …, features = ["testing"] }
//! ```
//!
//! Test the whole service by `tower::ServiceExt::oneshot` with `adapters::InMemoryIntrospector` (a
//! stand-in for ZITADEL) behind the guard; a single handler with [`Authorized::for_test`]; and the
//! 401 of every route with [`assert_all_guarded`].

use std::sync::Arc;

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode, header::WWW_AUTHENTICATE},
};
use domain::{
    AccessToken, Authorizer, Clock, Introspection, IntrospectionError, Permit, Principal,
    Requirements, Rule, TokenIntrospector,
};
use tower::ServiceExt;

use crate::{Access, Authorized, Guard, Reason, Routes};

impl<R: Rule> Authorized<R> {
    /// Creates a permit of `principal` for the unit test of a handler. No rule is applied.
    #[must_use]
    pub fn for_test(principal: Principal) -> Self {
        Self::without_request(Permit::for_test(principal))
    }
}

/// Asserts that each route of a table enforces its access. Each route is called without a token
/// and with an inactive one: a guarded route must answer 401 with a challenge, an optional one must
/// reject the inactive token, and a public one must not require a token.
///
/// A public handler that requires a token stays undetected if it rejects callers in its own format,
/// or fails before it extracts a permit.
///
/// Path parameters are sent as `1`. Handlers of guarded routes do not run and need no state; public
/// handlers run.
///
/// # Panics
/// When a route answers otherwise; the message lists all such routes.
pub async fn assert_all_guarded(routes: Routes) {
    let table = routes.table().to_vec();
    let router = routes.into_api(&guard_that_knows_nobody());
    let mut wrong = Vec::new();
    for route in table {
        let path = sample(route.path);
        let of_a_service = [Method::GET, Method::POST, Method::DELETE];
        for method in route.method.as_ref().map_or(&of_a_service[..], std::slice::from_ref) {
            let found = match route.access {
                Access::Guarded(_) => asks_for_a_token(&router, method, &path).await,
                Access::Optional(_) => turns_away(&router, method, &path).await,
                Access::Public => asks_for_none(&router, method, &path).await,
            };
            wrong.extend(found.err().map(|found| format!("{method} {}: {found}", route.path)));
        }
    }
    assert!(wrong.is_empty(), "not as the table says:\n{}", wrong.join("\n"));
}

/// Asserts that `routes` of a `router` without a [`Routes`] table answer 401 with a challenge of
/// RFC 6750, both without a token and with an inactive one.
///
/// The router must be complete, with its guard and its state.
///
/// # Panics
/// When a route answers otherwise; the message lists all such routes.
pub async fn assert_guarded(router: &Router, routes: &[(Method, &str)]) {
    let mut wrong = Vec::new();
    for (method, path) in routes {
        let found = asks_for_a_token(router, method, path).await;
        wrong.extend(found.err().map(|found| format!("{method} {path}: {found}")));
    }
    assert!(wrong.is_empty(), "not guarded:\n{}", wrong.join("\n"));
}

/// Access token that no introspector knows, sent as an inactive one.
const UNKNOWN: &str = "a-token-that-nobody-has";

async fn asks_for_a_token(router: &Router, method: &Method, path: &str) -> Result<(), String> {
    let (status, challenge, _) = ask(router, method, path, None).await;
    if status != StatusCode::UNAUTHORIZED || !challenge.starts_with("Bearer") {
        return Err(format!("{status} without a token"));
    }
    turns_away(router, method, path).await
}

async fn turns_away(router: &Router, method: &Method, path: &str) -> Result<(), String> {
    let (status, challenge, _) = ask(router, method, path, Some(UNKNOWN)).await;
    if status != StatusCode::UNAUTHORIZED || !challenge.contains("invalid_token") {
        return Err(format!("{status} for an inactive token"));
    }
    Ok(())
}

async fn asks_for_none(router: &Router, method: &Method, path: &str) -> Result<(), String> {
    for token in [None, Some(UNKNOWN)] {
        let (status, challenge, body) = ask(router, method, path, token).await;
        let codes = [Reason::MissingToken.code(), Reason::Inactive.code()];
        let denied = codes.iter().any(|code| body.contains(code));
        if status == StatusCode::UNAUTHORIZED && challenge.starts_with("Bearer") && denied {
            return Err(
                "it is mounted by public(...), and its handler asks for a permit".to_owned()
            );
        }
    }
    Ok(())
}

async fn ask(
    router: &Router,
    method: &Method,
    path: &str,
    token: Option<&str>,
) -> (StatusCode, String, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let Ok(request) = request.body(Body::empty()) else {
        return (StatusCode::BAD_REQUEST, String::new(), "it is no path".to_owned());
    };
    let Ok(response) = router.clone().oneshot(request).await;
    let challenge = response.headers().get(WWW_AUTHENTICATE);
    let challenge = challenge.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let status = response.status();
    let body = to_bytes(response.into_body(), 64 * 1024).await.unwrap_or_default();
    (status, challenge, String::from_utf8_lossy(&body).into_owned())
}

/// Returns a route's `path` with each parameter replaced by `1`.
fn sample(path: &str) -> String {
    let segment = |segment: &str| if segment.starts_with('{') { "1" } else { segment }.to_owned();
    path.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn guard_that_knows_nobody() -> Guard {
    struct Nobody;

    #[async_trait]
    impl TokenIntrospector for Nobody {
        async fn introspect(
            &self,
            _: &AccessToken<'_>,
        ) -> Result<Introspection, IntrospectionError> {
            Ok(Introspection::Inactive)
        }
    }

    impl Clock for Nobody {
        fn now(&self) -> std::time::SystemTime {
            std::time::SystemTime::UNIX_EPOCH
        }
    }

    Guard::new(Authorizer::new(Arc::new(Nobody), Arc::new(Nobody), Requirements::default()))
}
