//! Tests of a service without ZITADEL and without sockets (`feature = "testing"`).
//!
//! For dev-dependencies only: a permit that was not judged has no place in a program that ships.
//!
//! ```toml
//! [dev-dependencies]
//! axum-zitadel = { …, features = ["testing"] }
//! ```
//!
//! The whole service is tested with `adapters::InMemoryIntrospector` behind its guard and
//! `tower::ServiceExt::oneshot`; one handler by itself with [`Authorized::for_test`]; and
//! [`assert_all_guarded`] asks each route for its 401.

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
    /// Makes a permit for the unit test of a handler. Nothing is judged.
    #[must_use]
    pub fn for_test(principal: Principal) -> Self {
        Self::without_request(Permit::for_test(principal))
    }
}

/// Asks every route of a table without a token, and with one that is inactive: a guarded route answers
/// 401 with a challenge, an optional one turns the bad token away, and a route that is called public
/// asks for none.
///
/// A handler that answers rejections in its own words, or turns the request away before it asks for a
/// permit, is not recognized as one that asks.
///
/// Parameters of a path are asked as `1`. The state behind the handlers is not needed: no handler of
/// a guarded route is reached. Public handlers are.
///
/// # Panics
/// When a route does anything else; the message names all of them.
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

/// Asks routes of a bare router, which cannot list them, without a token and with one that is inactive.
/// Both must be answered 401 with a challenge of RFC 6750.
///
/// The router is complete, its guard and its state included.
///
/// # Panics
/// When one of the routes answers anything else; the message names all of them.
pub async fn assert_guarded(router: &Router, routes: &[(Method, &str)]) {
    let mut wrong = Vec::new();
    for (method, path) in routes {
        let found = asks_for_a_token(router, method, path).await;
        wrong.extend(found.err().map(|found| format!("{method} {path}: {found}")));
    }
    assert!(wrong.is_empty(), "not guarded:\n{}", wrong.join("\n"));
}

/// A token that no introspector knows.
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

/// A path to ask, each parameter `1`.
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
