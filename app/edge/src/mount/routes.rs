//! The route table of an API, from which a router is made.

use std::fmt;

use axum::{Router, extract::Request, http::Method, routing::MethodFilter};

use domain::{Freshness, Policy};

use super::{
    Access, GuardedService, Mountable, NotFound, handler::Edge, mountable::Mount,
    service::MountService,
};
use crate::{
    admit::{FurtherRule, Guard},
    answer::Outcome,
};

/// Default of `Routes::max_body`: 2 MiB, as in axum.
const MAX_BODY: usize = 2 * 1024 * 1024;

/// One row of the route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// HTTP method of the route, where `GET` also answers `HEAD`; `None` for a mounted service,
    /// which answers every method.
    pub method: Option<Method>,
    /// Path, with parameters in braces, such as `/messages/{id}`.
    pub path: &'static str,
    /// Callers that the route accepts.
    pub access: Access,
    /// Verdict that the route's rule accepts: only a new one, or also one kept from an earlier
    /// request.
    pub freshness: Freshness,
    /// Policies of the rules that a mounted service itself checks, such as one for each MCP tool;
    /// empty for a handler.
    pub further: Vec<&'static Policy>,
    /// JSON body that the handler accepts, if set by [`Mountable::sample_body`].
    pub sample_body: Option<&'static str>,
}

impl Route {
    /// Returns the HTTP method as text; `ANY` for every method.
    #[must_use]
    pub fn shown_method(&self) -> &str {
        self.method.as_ref().map_or("ANY", Method::as_str)
    }
}

/// Route table: every route of an API with its access.
///
/// Stricter than a [`Router`]: an unprotected route must be marked [`public`](crate::public), a
/// guarded one has its rule in its handler's signature, and the table can be listed. Rejections of
/// axum's extractors become problems, a panic answers 500, and request bodies are limited.
///
/// `S` is the state that handlers extract by axum's `State`; [`with_state`](Self::with_state)
/// provides it.
pub struct Routes<S = ()> {
    table: Vec<Route>,
    mounts: Vec<Mount<S>>,
    services: Vec<(&'static str, Vec<FurtherRule>, MountService)>,
    max_body: usize,
}

impl<S> Default for Routes<S> {
    fn default() -> Self {
        Self { table: Vec::new(), mounts: Vec::new(), services: Vec::new(), max_body: MAX_BODY }
    }
}

impl<S> fmt::Debug for Routes<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("table", &self.table).finish_non_exhaustive()
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Mounts a handler for `GET`, and for `HEAD`.
    #[must_use]
    pub fn get(self, path: &'static str, handler: Mountable<S>) -> Self {
        self.on(Method::GET, path, handler)
    }

    /// Mounts a handler for `POST`.
    #[must_use]
    pub fn post(self, path: &'static str, handler: Mountable<S>) -> Self {
        self.on(Method::POST, path, handler)
    }

    /// Mounts a handler for `PUT`.
    #[must_use]
    pub fn put(self, path: &'static str, handler: Mountable<S>) -> Self {
        self.on(Method::PUT, path, handler)
    }

    /// Mounts a handler for `PATCH`.
    #[must_use]
    pub fn patch(self, path: &'static str, handler: Mountable<S>) -> Self {
        self.on(Method::PATCH, path, handler)
    }

    /// Mounts a handler for `DELETE`.
    #[must_use]
    pub fn delete(self, path: &'static str, handler: Mountable<S>) -> Self {
        self.on(Method::DELETE, path, handler)
    }

    /// Mounts a handler for any other HTTP method that axum knows, such as `OPTIONS`.
    #[must_use]
    pub fn on(mut self, method: Method, path: &'static str, handler: Mountable<S>) -> Self {
        let Mountable { access, freshness, sample_body, mount } = handler;
        let (method, further) = (Some(method), Vec::new());
        self.table.push(Route { method, path, access, freshness, further, sample_body });
        self.mounts.push(mount);
        self
    }

    /// Mounts a guarded service for every HTTP method, at `path` and below. The service sees
    /// request paths without `path`, as in a nested router.
    #[must_use]
    pub fn service(mut self, path: &'static str, service: GuardedService) -> Self {
        let GuardedService { access, freshness, further, mount } = service;
        self.table.push(Route {
            method: None,
            path,
            access,
            freshness,
            further: further.iter().map(|(policy, _)| *policy).collect(),
            sample_body: None,
        });
        self.services.push((path, further, mount));
        self
    }

    /// Provides the state that the handlers extract.
    #[must_use]
    pub fn with_state(self, state: S) -> Routes {
        let with_state = |mount: Mount<S>| {
            let state = state.clone();
            let mount: Mount<()> =
                Box::new(move |method, edge: &Edge| mount(method, edge).with_state(state));
            mount
        };
        let mounts = self.mounts.into_iter().map(with_state).collect();
        let Self { table, services, max_body, .. } = self;
        Routes { table, mounts, services, max_body }
    }

    /// Sets the maximum length of a request body, in bytes; 2 MiB by default.
    #[must_use]
    pub fn max_body(self, max_body: usize) -> Self {
        Self { max_body, ..self }
    }

    /// Returns every route, in the order of mounting.
    #[must_use]
    pub fn table(&self) -> &[Route] {
        &self.table
    }
}

impl Routes {
    /// Creates a router that can be merged or nested into a router of any state. Two routers with
    /// the same path and different HTTP methods cannot be merged: put their routes into one table.
    ///
    /// A wrong HTTP method answers 405 as a problem. An unknown path is left to the outer router.
    ///
    /// # Panics
    /// When two routes have the same method and path, a path is invalid, a method is unknown to
    /// axum, or [`Guard::require`] refuses a service.
    #[expect(clippy::disallowed_methods, reason = "this is where every route is mounted")]
    #[expect(clippy::panic, reason = "the route table has a bug, and the start shows it")]
    pub fn into_router<S: Clone + Send + Sync + 'static>(self, guard: &Guard) -> Router<S> {
        let edge = Edge { guard: guard.clone(), max_body: self.max_body };
        let handlers = self.table.into_iter().filter_map(|route| Some((route.method?, route.path)));
        let routes = handlers.zip(self.mounts);
        let router = routes.fold(Router::new(), |router, ((method, path), mount)| {
            let method =
                MethodFilter::try_from(method).unwrap_or_else(|error| panic!("{path}: {error}"));
            router.route(path, mount(method, &edge))
        });
        let router = self
            .services
            .into_iter()
            .fold(router, |router, (path, further, mount)| mount(router, path, further, guard));
        let guard = guard.clone();
        // Without `with_state` axum would build the route again for each request: 160 instructions.
        router
            .method_not_allowed_fallback(async move |request: Request| {
                guard.refuse(&request, &Outcome::MethodNotAllowed)
            })
            .with_state(())
    }

    /// Creates the router of a whole API: an unknown path answers 404 as a problem.
    ///
    /// # Panics
    /// As [`into_router`](Self::into_router).
    pub fn into_api(self, guard: &Guard) -> Router {
        self.into_router(guard).fallback_service(NotFound::new(guard.clone()))
    }
}
