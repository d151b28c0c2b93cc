//! Puts a rule before a service that is not a handler.

use std::{
    convert::Infallible,
    fmt,
    marker::PhantomData,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    http::{Request, header::AUTHORIZATION},
    response::{IntoResponse, Response},
};
use domain::{Rule, VerdictWatch};
use futures_util::future::BoxFuture;
use tower::{Layer, Service};
use tracing::{Instrument, Span};

use super::{FurtherRule, FurtherRules, Guard, ServicePermit, Visit, ending_body::until_ended};
use crate::answer::Outcome;

/// Service that can be put behind a rule: any tower service that axum can route to.
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

/// Service that [`Guard::require`] has put behind the rule `R`.
pub struct Require<R, S> {
    service: S,
    guard: Guard,
    name: Option<&'static str>,
    further: Arc<[FurtherRule]>,
    rule: PhantomData<fn() -> R>,
}

impl Guard {
    /// Puts the rule `R` before a service, such as static files, a proxy, gRPC or an MCP server.
    ///
    /// A permitted request has the caller's [`Principal`](domain::Principal), as an `Arc`, and the
    /// [`ServicePermit`](crate::ServicePermit) in its extensions. A rejected request never reaches
    /// the service. No [`layer`](Self::layer) is needed around the service. The response's body
    /// ends when the permit ends.
    ///
    /// # Panics
    /// When the guard has a [`resource`](crate::GuardBuilder::resource) and any active token meets
    /// the rule. The rule must then require a role, or the guard's authorizer an organization: at
    /// ZITADEL, the personal access tokens of all users are active at every API.
    #[must_use]
    pub fn require<R: Rule>(
        &self,
        service: impl RoutableService,
    ) -> Require<R, impl RoutableService> {
        Require::new(self.clone(), service)
    }

    /// Creates a layer that puts the rule `R` before services, for
    /// [`Router::route_layer`](axum::Router::route_layer).
    ///
    /// # Panics
    /// As [`require`](Self::require), when the layer is applied to a service.
    #[must_use]
    pub fn require_layer<R: Rule>(&self) -> RequireLayer<R> {
        RequireLayer { guard: self.clone(), name: None, further: Arc::default(), rule: PhantomData }
    }
}

impl<R: Rule, S> Require<R, S> {
    pub(crate) fn new(guard: Guard, service: S) -> Self {
        assert!(
            guard.resource().is_none() || !guard.lets_in_strangers(R::POLICY),
            "a service of a resource asks for a role, or its authorizer for organizations: \
             any active token would include those of strangers"
        );
        Self { service, guard, name: None, further: Arc::default(), rule: PhantomData }
    }

    /// Declares rules that parts of the service, such as MCP tools, apply by
    /// [`ServicePermit::require`]: `.with::<(ReadMessages, DeleteMessages)>()`.
    #[must_use]
    pub fn with<T: FurtherRules>(self) -> Self {
        self.with_rules(T::rules())
    }

    pub(crate) fn with_rules(self, further: Vec<FurtherRule>) -> Self {
        Self { further: further.into(), ..self }
    }

    /// Sets the service's name in log events and metrics, as in `.named("/files")`, in place of its
    /// path in the router.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }
}

/// Layer, made by [`Guard::require_layer`], that puts the rule `R` before services.
pub struct RequireLayer<R> {
    guard: Guard,
    name: Option<&'static str>,
    further: Arc<[FurtherRule]>,
    rule: PhantomData<fn() -> R>,
}

impl<R: Rule> RequireLayer<R> {
    /// Declares rules that parts of the services apply, as [`Require::with`] does.
    #[must_use]
    pub fn with<T: FurtherRules>(self) -> Self {
        Self { further: T::rules().into(), ..self }
    }

    /// Sets the route's name in log events and metrics, in place of its path in the router.
    #[must_use]
    pub fn named(self, name: &'static str) -> Self {
        Self { name: Some(name), ..self }
    }
}

impl<R: Rule, S> Layer<S> for RequireLayer<R> {
    type Service = Require<R, S>;

    fn layer(&self, service: S) -> Require<R, S> {
        let further = Arc::clone(&self.further);
        Require { name: self.name, further, ..Require::new(self.guard.clone(), service) }
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
        // Call the service that was polled ready, and keep the clone, which was not.
        let service = self.service.clone();
        let mut service = std::mem::replace(&mut self.service, service);
        let (visit, begins_here) = Visit::join(&self.guard, &request, true, self.name);
        let mut span = Span::none();
        if begins_here {
            request.extensions_mut().insert(Arc::clone(&visit));
            span = visit.span();
        }
        let (guard, further) = (self.guard.clone(), Arc::clone(&self.further));
        let answer = async move {
            // Read before introspection, so that no later change is missed.
            let asked = guard.watch().map(VerdictWatch::now);
            let admitted = if guard.refuses_origin(request.headers()) {
                Err(visit.refuse(&Outcome::ForeignOrigin, None))
            } else {
                visit.admit::<R>(request.headers()).await
            };
            let mut response = match admitted {
                Ok(permit) => {
                    let header = request.headers().get(AUTHORIZATION).cloned();
                    let principal = Arc::clone(permit.principal());
                    let permit = ServicePermit::new(&visit, &permit, header, asked, further);
                    guard.sessions().open(request.headers_mut(), &principal);
                    request.extensions_mut().insert(Arc::clone(&principal));
                    request.extensions_mut().insert(permit.clone());
                    let Ok(response) = service.call(request).await;
                    let mut response = response.into_response();
                    guard.sessions().seal(response.headers_mut(), &principal);
                    until_ended(response, async move { permit.ended().await })
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
        let further = Arc::clone(&self.further);
        Self { service, guard, name: self.name, further, rule: PhantomData }
    }
}

impl<R> Clone for RequireLayer<R> {
    fn clone(&self) -> Self {
        let further = Arc::clone(&self.further);
        Self { guard: self.guard.clone(), name: self.name, further, rule: PhantomData }
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
