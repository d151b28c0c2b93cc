//! A rule before a service that is no handler.

use std::{
    convert::Infallible,
    fmt,
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    http::Request,
    response::{IntoResponse, Response},
};
use domain::Rule;
use futures_util::future::BoxFuture;
use tower::{Layer, Service};
use tracing::{Instrument, Span};

use super::{Guard, Visit};

/// A service that a rule can stand before: any service of tower's that axum can route to.
pub trait RoutableService:
    Service<Request<Body>, Response: IntoResponse, Error = Infallible, Future: Send>
    + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> RoutableService for S where
    S: Service<Request<Body>, Response: IntoResponse, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// A service behind the rule `R`, made by [`Guard::require`].
pub struct Require<R, S> {
    service: S,
    guard: Guard,
    name: Option<&'static str>,
    rule: PhantomData<fn() -> R>,
}

impl<R: Rule, S> Require<R, S> {
    pub(super) fn new(guard: Guard, service: S) -> Self {
        Self { service, guard, name: None, rule: PhantomData }
    }

    /// Names the route in events and metrics, as in `.named("/files")`: a nested service has no path
    /// in the router.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }
}

/// Layer of [`Guard::require_layer`].
pub struct RequireLayer<R> {
    guard: Guard,
    name: Option<&'static str>,
    rule: PhantomData<fn() -> R>,
}

impl<R: Rule> RequireLayer<R> {
    pub(super) fn new(guard: Guard) -> Self {
        Self { guard, name: None, rule: PhantomData }
    }

    /// Names the route in events and metrics, where the router has no path for it.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }
}

impl<R: Rule, S> Layer<S> for RequireLayer<R> {
    type Service = Require<R, S>;

    fn layer(&self, service: S) -> Require<R, S> {
        Require { service, guard: self.guard.clone(), name: self.name, rule: PhantomData }
    }
}

impl<R, S> Service<Request<Body>> for Require<R, S>
where
    R: Rule,
    S: RoutableService,
{
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The clone is not ready yet: the service that is, is the one to call.
        let service = self.service.clone();
        let mut service = std::mem::replace(&mut self.service, service);
        let (visit, begins_here) = Visit::join(&self.guard, &request, true, self.name);
        let mut span = Span::none();
        if begins_here {
            request.extensions_mut().insert(Arc::clone(&visit));
            span = visit.span();
        }
        let answer = async move {
            let mut response = match visit.admit::<R>(request.headers()).await {
                Ok(authorized) => {
                    let principal = Arc::clone(authorized.principal());
                    request.extensions_mut().insert(principal);
                    let Ok(response) = service.call(request).await;
                    response.into_response()
                }
                Err(rejection) => rejection.into_response(),
            };
            if begins_here {
                visit.end(&mut response);
            }
            Ok(response)
        };
        Box::pin(answer.instrument(span))
    }
}

impl<R, S: Clone> Clone for Require<R, S> {
    fn clone(&self) -> Self {
        let (service, guard) = (self.service.clone(), self.guard.clone());
        Self { service, guard, name: self.name, rule: PhantomData }
    }
}

impl<R> Clone for RequireLayer<R> {
    fn clone(&self) -> Self {
        Self { guard: self.guard.clone(), name: self.name, rule: PhantomData }
    }
}

impl<R, S: fmt::Debug> fmt::Debug for Require<R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Require")
            .field("service", &self.service)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<R> fmt::Debug for RequireLayer<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireLayer").field("name", &self.name).finish_non_exhaustive()
    }
}
