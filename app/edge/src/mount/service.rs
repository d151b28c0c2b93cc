//! Guarded services in a route table.

use std::fmt;

use axum::Router;
use domain::{Freshness, Rule};

use super::Access;
use crate::admit::{FurtherRule, FurtherRules, Guard, Require, RoutableService};

/// Tower service that [`require`] has put behind a rule, for
/// [`Routes::service`](crate::Routes::service).
pub struct GuardedService {
    pub(super) access: Access,
    pub(super) freshness: Freshness,
    pub(super) further: Vec<FurtherRule>,
    pub(super) mount: MountService,
}

pub(super) type MountService =
    Box<dyn FnOnce(Router, &'static str, Vec<FurtherRule>, &Guard) -> Router + Send>;

/// Puts the rule `R` before a service that is not a handler, such as an MCP server or static files,
/// for [`Routes::service`](crate::Routes::service). For a bare router use
/// [`Guard::require`](crate::Guard::require).
///
/// ```
/// use std::convert::Infallible;
///
/// use axum::extract::Request;
/// use axum_zitadel::{Routes, domain::rules::ReadMessages, require};
///
/// let files = tower::service_fn(async |_: Request| Ok::<_, Infallible>("a file"));
/// let routes: Routes = Routes::default().service("/files", require::<ReadMessages>(files));
/// ```
#[must_use]
pub fn require<R: Rule>(service: impl RoutableService) -> GuardedService {
    GuardedService {
        access: Access::Guarded(R::POLICY),
        freshness: R::FRESHNESS,
        further: Vec::new(),
        mount: Box::new(move |router, path, further, guard| {
            let service = Require::<R, _>::new(guard.clone(), service).with_rules(further);
            mount_at(router, path, service.named(path))
        }),
    }
}

fn mount_at<R: Rule>(
    router: Router,
    path: &'static str,
    service: Require<R, impl RoutableService>,
) -> Router {
    match path {
        // Axum cannot nest a router at `/`.
        "/" => router.route_service("/", service.clone()).route_service("/{*below}", service),
        _ => router.nest_service(path, service),
    }
}

impl GuardedService {
    /// Declares rules that parts of the service, such as MCP tools, check by
    /// [`ServicePermit::require`](crate::ServicePermit::require): `.with::<(ReadMessages,
    /// DeleteMessages)>()`. The route table lists their policies with the service.
    #[must_use]
    pub fn with<T: FurtherRules>(self) -> Self {
        Self { further: T::rules(), ..self }
    }
}

impl fmt::Debug for GuardedService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedService")
            .field("access", &self.access)
            .field("further", &self.further)
            .finish_non_exhaustive()
    }
}
