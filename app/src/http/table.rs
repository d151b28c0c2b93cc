//! The route table of an API: data first, a router in the end.

use std::{fmt, sync::Arc};

use axum::{Router, extract::DefaultBodyLimit, http::Method, routing::MethodFilter};

use super::{
    edge::Edge,
    guard::Guard,
    mount::{Access, Mount, Mountable},
    observation::Observation,
    observed::Observer,
};

/// One line of the route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The method; `GET` answers `HEAD` too.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
}

/// The route table: every route of an API with who may call it.
///
/// `S` is the state that the handlers take with axum's `State` and that is still to be given.
pub struct Routes<S = ()> {
    table: Vec<Route>,
    mounts: Vec<Mount<S>>,
}

impl<S> Default for Routes<S> {
    fn default() -> Self {
        Self { table: Vec::new(), mounts: Vec::new() }
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

    /// Mounts a handler for any other method that axum knows, such as `OPTIONS`.
    #[must_use]
    pub fn on(mut self, method: Method, path: &'static str, handler: Mountable<S>) -> Self {
        self.table.push(Route { method, path, access: handler.access });
        self.mounts.push(handler.mount);
        self
    }

    /// Gives the handlers their state.
    #[must_use]
    pub fn with_state(self, state: S) -> Routes {
        let with_state = |mount: Mount<S>| {
            let state = state.clone();
            let mount: Mount<()> =
                Box::new(move |method, edge: &Edge| mount(method, edge).with_state(state));
            mount
        };
        Routes { table: self.table, mounts: self.mounts.into_iter().map(with_state).collect() }
    }

    /// Every route, in the order in which they were mounted.
    #[must_use]
    pub fn table(&self) -> &[Route] {
        &self.table
    }
}

impl Routes {
    /// # Panics
    /// When two routes have the same method and path, a path is none, or a method is not known to
    /// axum.
    #[expect(clippy::disallowed_methods, reason = "this is where every route is mounted")]
    #[expect(clippy::panic, reason = "the route table has a bug, and the start shows it")]
    pub(super) fn into_router(
        self,
        guard: &Arc<Guard>,
        max_body: usize,
        observation: &Arc<Observation>,
    ) -> Router {
        let routes = self.table.into_iter().zip(self.mounts);
        routes.fold(Router::new(), |router, (route, mount)| {
            let edge = Edge {
                guard: Arc::clone(guard),
                body_limit: DefaultBodyLimit::max(max_body),
                observer: Observer::of_line(observation, route.method.clone(), route.path),
            };
            let method = MethodFilter::try_from(route.method)
                .unwrap_or_else(|error| panic!("{}: {error}", route.path));
            router.route(route.path, mount(method, &edge))
        })
    }
}
