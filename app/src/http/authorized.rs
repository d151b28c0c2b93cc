//! The extractor that decides: to hold an `Authorized<R>` is to be authorized.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::request::Parts,
    response::{IntoResponse, Response},
};
use domain::{Permit, Rule};

use super::guard::Guard;

/// The first argument of a guarded handler: proof that the caller met the rule `R`.
///
/// # Panics
/// In a handler that was mounted by [`public`](super::public): the caller gets a 500, never
/// entrance, for the route table has a bug.
#[derive(Debug)]
pub struct Authorized<R>(pub Permit<R>);

impl<R: Rule, S: Sync> FromRequestParts<S> for Authorized<R> {
    type Rejection = Response;

    #[expect(clippy::panic, reason = "the route table has a bug, and the edge turns it into a 500")]
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Response> {
        let Some(guard) = parts.extensions.get::<Arc<Guard>>().map(Arc::clone) else {
            panic!(
                "a handler with Authorized<R> is mounted by public(...) and not by guarded(...)"
            );
        };
        guard.admit(parts).await.map(Self).map_err(IntoResponse::into_response)
    }
}
