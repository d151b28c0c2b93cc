//! Functions that join a handler with the callers that it accepts.

use std::fmt;

use axum::{
    handler::Handler,
    routing::{MethodFilter, MethodRouter, on},
};
use domain::{Freshness, Policy, Rule};

use super::{
    Arguments, PermitFirst,
    handler::{BehindRule, Edge, Public},
};
use crate::admit::Authorized;

/// Handler together with the callers that it accepts, for [`Routes`](crate::Routes): made by
/// [`public`], [`guarded`] or [`optional`].
pub struct Mountable<S> {
    pub(super) access: Access,
    pub(super) freshness: Freshness,
    pub(super) sample_body: Option<&'static str>,
    pub(super) mount: Mount<S>,
}

pub(super) type Mount<S> = Box<dyn FnOnce(MethodFilter, &Edge) -> MethodRouter<S> + Send>;

impl<S> fmt::Debug for Mountable<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mountable").field("access", &self.access).finish_non_exhaustive()
    }
}

impl<S> Mountable<S> {
    /// Sets a JSON body that the handler accepts, shown in a sample `curl` command.
    #[must_use]
    pub fn sample_body(self, json: &'static str) -> Self {
        Self { sample_body: Some(json), ..self }
    }
}

/// Callers that a route accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// All callers, even without a token.
    Public,
    /// Callers without a token, and callers whose token meets this policy of the route's rule.
    Optional(&'static Policy),
    /// Only callers whose token meets this policy of the route's rule.
    Guarded(&'static Policy),
}

/// Makes a [`Mountable`] of a handler that accepts all callers.
///
/// If the handler has no arguments, a layer around it must not rely on the guard: `X-Request-Id`
/// may be missing there, and [`Authorized<R>`](Authorized) answers 500 unless
/// [`Guard::layer`](crate::Guard::layer) is around the router.
///
/// A handler that takes [`Authorized<R>`](Authorized) is guarded even here, but the table lists the
/// route as public. `testing::assert_all_guarded` reports such routes.
///
/// ```
/// use axum_zitadel::public;
///
/// async fn handler() {}
/// public::<_, _, ()>(handler);
/// ```
///
/// The handler may have a layer around it:
///
/// ```
/// use axum::handler::Handler;
/// use axum_zitadel::public;
///
/// async fn handler() {}
/// public::<_, _, ()>(handler.layer(tower::layer::util::Identity::new()));
/// ```
pub fn public<H, T, S>(handler: H) -> Mountable<S>
where
    H: Handler<T, S>,
    T: Arguments,
    S: Clone + Send + Sync + 'static,
{
    let mount: Mount<S> = Box::new(move |method, edge: &Edge| {
        on(method, edge.around(Public(handler), T::READS_REQUEST))
    });
    Mountable { access: Access::Public, freshness: Freshness::Kept, sample_body: None, mount }
}

/// Makes a [`Mountable`] of a handler whose first argument is [`Authorized<R>`](Authorized): only
/// callers who meet the rule `R` reach the handler. For other callers no further argument is read.
///
/// ```
/// use axum_zitadel::{Authorized, domain::rules::SignedIn, guarded};
///
/// async fn handler(_: Authorized<SignedIn>) {}
/// guarded::<_, _, _, ()>(handler);
/// ```
///
/// Without that argument it does not compile:
///
/// ```compile_fail,E0277
/// use axum_zitadel::{Authorized, domain::rules::SignedIn, guarded};
///
/// async fn handler() {}
/// guarded::<_, _, _, ()>(handler);
/// ```
///
/// With another argument before `Authorized` it does not compile:
///
/// ```compile_fail,E0277
/// use axum::extract::Path;
/// use axum_zitadel::{Authorized, domain::rules::SignedIn, guarded};
///
/// async fn handler(_: Path<u64>, _: Authorized<SignedIn>) {}
/// guarded::<_, _, _, ()>(handler);
/// ```
///
/// With a layer around the handler, which could answer first, it does not compile:
///
/// ```compile_fail,E0277
/// use axum::handler::Handler;
/// use axum_zitadel::{Authorized, domain::rules::SignedIn, guarded};
///
/// async fn handler(_: Authorized<SignedIn>) {}
/// guarded::<_, _, _, ()>(handler.layer(tower::layer::util::Identity::new()));
/// ```
///
/// With an optional permit it does not compile:
///
/// ```compile_fail,E0271
/// use axum_zitadel::{Authorized, domain::rules::SignedIn, guarded};
///
/// async fn handler(_: Option<Authorized<SignedIn>>) {}
/// guarded::<_, _, _, ()>(handler);
/// ```
pub fn guarded<H, R, T, S>(handler: H) -> Mountable<S>
where
    H: PermitFirst<T, S, Permit = Authorized<R>>,
    R: Rule,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    let mount: Mount<S> = Box::new(move |method, edge: &Edge| {
        on(method, edge.around(BehindRule(handler), H::READS_REQUEST))
    });
    let (access, freshness) = (Access::Guarded(R::POLICY), R::FRESHNESS);
    Mountable { access, freshness, sample_body: None, mount }
}

/// Makes a [`Mountable`] of a handler whose first argument is `Option<Authorized<R>>`: `None` for
/// callers without a token. A bad token, or one that does not meet the rule `R`, is rejected.
///
/// ```
/// use axum_zitadel::{Authorized, domain::rules::SignedIn, optional};
///
/// async fn handler(_: Option<Authorized<SignedIn>>) {}
/// optional::<_, _, _, ()>(handler);
/// ```
///
/// A handler that requires a permit does not compile:
///
/// ```compile_fail,E0271
/// use axum_zitadel::{Authorized, domain::rules::SignedIn, optional};
///
/// async fn handler(_: Authorized<SignedIn>) {}
/// optional::<_, _, _, ()>(handler);
/// ```
pub fn optional<H, R, T, S>(handler: H) -> Mountable<S>
where
    H: PermitFirst<T, S, Permit = Option<Authorized<R>>>,
    R: Rule,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    let mount: Mount<S> = Box::new(move |method, edge: &Edge| {
        on(method, edge.around(BehindRule(handler), H::READS_REQUEST))
    });
    let (access, freshness) = (Access::Optional(R::POLICY), R::FRESHNESS);
    Mountable { access, freshness, sample_body: None, mount }
}
