//! What is around every handler, whoever may call it.

use std::sync::Arc;

use axum::{
    RequestExt,
    extract::{DefaultBodyLimit, Request},
    handler::Handler,
};
use http_body::Body;

use super::{answering::Answering, guard::Guard, observed::Observer};

/// What the edge gives to a route.
#[derive(Clone)]
pub(super) struct Edge {
    pub(super) guard: Arc<Guard>,
    pub(super) body_limit: DefaultBodyLimit,
    pub(super) observer: Observer,
}

impl Edge {
    /// `reads_request` is false for a handler that takes nothing of it.
    pub(super) fn around<H>(&self, handler: H, reads_request: bool) -> EdgeHandler<H> {
        let (body_limit, observer) = (self.body_limit, self.observer.clone());
        EdgeHandler { handler, reads_request, body_limit, observer }
    }
}

/// A handler whose rejections become problems, who reads no longer body than is allowed, whose panic
/// harms no other request, and whose requests are observed. It allocates nothing for a request
/// without a body.
#[derive(Clone)]
pub(super) struct EdgeHandler<H> {
    handler: H,
    reads_request: bool,
    body_limit: DefaultBodyLimit,
    observer: Observer,
}

impl<H: Handler<T, S>, T, S> Handler<T, S> for EdgeHandler<H> {
    type Future = Answering<H::Future>;

    fn call(self, mut request: Request, state: S) -> Self::Future {
        if !request.body().is_end_stream() {
            self.body_limit.apply(&mut request);
            request = request.with_limited_body();
        }
        let begun = self.observer.begin(&request);
        if self.reads_request {
            begun.tell(&mut request);
        }
        Answering::new(self.handler.call(request, state), begun)
    }
}
