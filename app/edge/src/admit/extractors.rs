//! Implements the handler arguments `Authorized` (proof of authorization) and `RequestId`.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, MatchedPath, OptionalFromRequestParts},
    http::request::Parts,
};
use domain::Rule;

use super::{Authorized, Visit, authorized::Admitted};
use crate::{
    answer::{Outcome, Rejection, RequestId},
    note::{UNMATCHED, log_missing_guard},
};

impl<R: Rule, S: Sync> FromRequestParts<S> for Authorized<R> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Self::admit(visit(parts)?, &parts.headers).await
    }
}

impl<R: Rule, S: Sync> OptionalFromRequestParts<S> for Authorized<R> {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Rejection> {
        Option::admit(visit(parts)?, &parts.headers).await
    }
}

impl<S: Sync> FromRequestParts<S> for RequestId {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Rejection> {
        Ok(visit(parts)?.id().clone())
    }
}

/// Returns the request's state (`Visit`), which the guard has put into its extensions.
///
/// # Errors
/// When no guard is around the route: the rejection has status 500, and the route is logged.
fn visit(parts: &Parts) -> Result<&Arc<Visit>, Rejection> {
    parts.extensions.get().ok_or_else(|| {
        let route = parts.extensions.get::<MatchedPath>().map_or(UNMATCHED, MatchedPath::as_str);
        log_missing_guard(&parts.method, route);
        Rejection::without_guard(&Outcome::HandlerFailed { detail: String::new() })
    })
}
