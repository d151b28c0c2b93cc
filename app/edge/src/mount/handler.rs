//! Wraps each handler of a route table, to catch panics, limit request bodies and record requests.

use std::sync::Arc;

use axum::{
    RequestExt,
    extract::{DefaultBodyLimit, Request},
    handler::Handler,
    response::{IntoResponse, Response},
};
use futures_util::{FutureExt, future::BoxFuture};
use http_body::Body;

use super::{PermitFirst, answering::Answering};
use crate::{
    admit::{Admitted, Guard, Visit},
    answer::X_REQUEST_ID,
};

/// Settings that all handlers of a route table share.
#[derive(Clone)]
pub(super) struct Edge {
    pub(super) guard: Guard,
    pub(super) max_body: usize,
}

impl Edge {
    pub(super) fn around<H>(&self, handler: H, reads_request: bool) -> EdgeHandler<H> {
        EdgeHandler {
            handler,
            reads_request,
            guard: self.guard.clone(),
            body_limit: DefaultBodyLimit::max(self.max_body),
        }
    }
}

/// Wrapper around a handler that catches panics, limits the request body and records requests.
#[derive(Clone)]
pub(super) struct EdgeHandler<H> {
    handler: H,
    /// True if the handler has arguments that axum reads from the request. Only for these the
    /// request's id and `Visit` (its state) are stored in the request, which costs 1 330
    /// instructions.
    reads_request: bool,
    guard: Guard,
    body_limit: DefaultBodyLimit,
}

impl<H: Mounted<T, S>, T: 'static, S: Send + 'static> Handler<T, S> for EdgeHandler<H> {
    type Future = Answering<H::Future>;

    fn call(self, mut request: Request, state: S) -> Self::Future {
        if !request.body().is_end_stream() {
            self.body_limit.apply(&mut request);
            request = request.with_limited_body();
        }
        let (visit, begins_here) = Visit::join(&self.guard, &request, self.reads_request, None);
        if self.reads_request {
            request.headers_mut().insert(X_REQUEST_ID, visit.id().to_header());
            if begins_here {
                request.extensions_mut().insert(Arc::clone(&visit));
            }
        }
        let answer = self.handler.call(&visit, request, state);
        Answering::new(answer, visit, begins_here)
    }
}

/// Handler in a route table, called with the request and what the guard knows of it (`Visit`).
pub(super) trait Mounted<T, S>: Clone + Send + Sync + 'static {
    type Future: Future<Output = Response> + Send + 'static;

    fn call(self, visit: &Arc<Visit>, request: Request, state: S) -> Self::Future;
}

#[derive(Clone)]
pub(super) struct Public<H>(pub(super) H);

impl<H: Handler<T, S>, T, S> Mounted<T, S> for Public<H> {
    type Future = H::Future;

    fn call(self, _: &Arc<Visit>, request: Request, state: S) -> H::Future {
        self.0.call(request, state)
    }
}

/// Handler mounted by `guarded` or `optional`, called after its rule has admitted the caller.
#[derive(Clone)]
pub(super) struct BehindRule<H>(pub(super) H);

impl<H, T, S> Mounted<T, S> for BehindRule<H>
where
    H: PermitFirst<T, S, Permit: Admitted>,
    S: Send + 'static,
{
    type Future = BoxFuture<'static, Response>;

    fn call(self, visit: &Arc<Visit>, request: Request, state: S) -> Self::Future {
        let visit = Arc::clone(visit);
        async move {
            match H::Permit::admit(&visit, request.headers()).await {
                Ok(permit) => self.0.call(permit, request, state).await,
                Err(rejection) => rejection.into_response(),
            }
        }
        .boxed()
    }
}
