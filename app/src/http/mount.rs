//! The only way to mount a route: as `public(...)`, or as `guarded(...)` with the rule in the
//! handler's signature.

use std::{any::Any, fmt, panic::AssertUnwindSafe, sync::Arc};

use axum::{
    RequestExt,
    extract::{DefaultBodyLimit, Request},
    handler::Handler,
    response::Response,
    routing::{MethodFilter, MethodRouter, on},
};
use domain::{Policy, Rule};
use futures_util::{
    FutureExt,
    future::{CatchUnwind, Then},
};
use http_body::Body;

use super::{
    guard::Guard,
    guarded::{BehindGuard, Guarded},
    observed::{Observed, Observer},
    panics,
    rejection::{self, Converted},
};

/// A handler with the word for who may call it.
pub struct Mountable<S> {
    pub(super) access: Access,
    pub(super) mount: Mount<S>,
}

pub(super) type Mount<S> = Box<dyn FnOnce(MethodFilter, &Edge) -> MethodRouter<S> + Send>;

/// What the edge gives to a route.
#[derive(Clone)]
pub(super) struct Edge {
    pub(super) guard: Arc<Guard>,
    pub(super) body_limit: DefaultBodyLimit,
    /// Who observes its requests, if anybody.
    pub(super) observer: Option<Observer>,
}

impl Edge {
    fn around<H>(&self, handler: H) -> EdgeHandler<H> {
        EdgeHandler { handler, body_limit: self.body_limit, observer: self.observer.clone() }
    }
}

impl<S> fmt::Debug for Mountable<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mountable").field("access", &self.access).finish_non_exhaustive()
    }
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anyone.
    Public,
    /// Whoever shows an access token that meets the policy.
    Guarded(&'static Policy),
}

/// A handler that anyone may call.
///
/// ```
/// use app::public;
///
/// async fn handler() {}
/// public::<_, _, ()>(handler);
/// ```
///
/// One that asks for a permit does not compile:
///
/// ```compile_fail,E0277
/// use app::{Authorized, public};
/// use domain::rules::SignedIn;
///
/// async fn handler(Authorized(_permit): Authorized<SignedIn>) {}
/// public::<_, _, ()>(handler);
/// ```
pub fn public<H, T, S>(handler: H) -> Mountable<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    let mount: Mount<S> = Box::new(move |method, edge: &Edge| on(method, edge.around(handler)));
    Mountable { access: Access::Public, mount }
}

/// A handler whose first argument is [`Authorized<R>`](super::Authorized): only whoever meets the rule
/// `R` gets to it, and nothing else of the request is read for anybody else.
///
/// ```
/// use app::{Authorized, guarded};
/// use domain::rules::SignedIn;
///
/// async fn handler(Authorized(_permit): Authorized<SignedIn>) {}
/// guarded::<_, _, ()>(handler);
/// ```
///
/// Without that argument it does not compile:
///
/// ```compile_fail,E0277
/// use app::{Authorized, guarded};
/// use domain::rules::SignedIn;
///
/// async fn handler() {}
/// guarded::<_, _, ()>(handler);
/// ```
///
/// Nor does it with other arguments before that one:
///
/// ```compile_fail,E0277
/// use app::{Authorized, guarded};
/// use axum::extract::Path;
/// use domain::rules::SignedIn;
///
/// async fn handler(_: Path<u64>, Authorized(_permit): Authorized<SignedIn>) {}
/// guarded::<_, _, ()>(handler);
/// ```
///
/// Nor does it with a layer around it, which could answer in its place:
///
/// ```
/// use app::public;
/// use axum::handler::Handler;
///
/// async fn handler() {}
/// public::<_, _, ()>(handler.layer(tower::layer::util::Identity::new()));
/// ```
///
/// ```compile_fail,E0277
/// use app::{Authorized, guarded};
/// use axum::handler::Handler;
/// use domain::rules::SignedIn;
///
/// async fn handler(Authorized(_permit): Authorized<SignedIn>) {}
/// guarded::<_, _, ()>(handler.layer(tower::layer::util::Identity::new()));
/// ```
pub fn guarded<H, T, S>(handler: H) -> Mountable<S>
where
    H: Guarded<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    let mount: Mount<S> = Box::new(move |method, edge: &Edge| {
        let handler = BehindGuard { handler, guard: Arc::clone(&edge.guard) };
        on(method, edge.around(handler))
    });
    Mountable { access: Access::Guarded(H::Rule::POLICY), mount }
}

/// A handler whose rejections become problems, who reads no longer body than is allowed, whose panic
/// harms no other request, and whose requests are observed. It allocates nothing for a request
/// without a body.
#[derive(Clone)]
struct EdgeHandler<H> {
    handler: H,
    body_limit: DefaultBodyLimit,
    observer: Option<Observer>,
}

type Caught<F> = CatchUnwind<AssertUnwindSafe<F>>;

impl<H: Handler<T, S>, T, S> Handler<T, S> for EdgeHandler<H> {
    type Future = Observed<
        Then<Caught<H::Future>, Converted, fn(Result<Response, Box<dyn Any + Send>>) -> Converted>,
    >;

    fn call(self, mut request: Request, state: S) -> Self::Future {
        if !request.body().is_end_stream() {
            self.body_limit.apply(&mut request);
            request = request.with_limited_body();
        }
        let begun = self.observer.map(|observer| observer.begin(request.method()));
        let answered = AssertUnwindSafe(self.handler.call(request, state)).catch_unwind();
        Observed::new(answered.then(answer), begun)
    }
}

fn answer(answered: Result<Response, Box<dyn Any + Send>>) -> Converted {
    rejection::to_problem(answered.unwrap_or_else(panics::answer))
}
