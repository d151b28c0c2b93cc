//! Responds to requests whose path is unknown.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll},
};

use axum::{http::Request, response::Response};
use tower::Service;

use crate::{admit::Guard, answer::Outcome};

/// Service that answers every request with a 404 problem, for
/// [`Router::fallback_service`](axum::Router::fallback_service).
#[derive(Clone, Debug)]
pub struct NotFound(Guard);

impl NotFound {
    /// Creates a service that answers every request with 404; `guard` records these requests.
    #[must_use]
    pub fn new(guard: Guard) -> Self {
        Self(guard)
    }
}

impl<B> Service<Request<B>> for NotFound {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.0.refuse(&request, &Outcome::NotFound)))
    }
}
