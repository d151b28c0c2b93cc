//! The only way to mount a route: as `public(...)`, or as `guarded(...)` with the rule in the
//! handler's signature.

use std::{any::TypeId, fmt, sync::Arc};

use axum::{
    handler::Handler,
    routing::{MethodFilter, MethodRouter, on},
};
use domain::{Policy, Rule};

use super::{
    edge::Edge,
    guarded::{Authorized, BehindGuard, Guarded},
};

/// A handler with the word for who may call it.
pub struct Mountable<S> {
    pub(super) access: Access,
    pub(super) mount: Mount<S>,
}

pub(super) type Mount<S> = Box<dyn FnOnce(MethodFilter, &Edge) -> MethodRouter<S> + Send>;

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
/// One without arguments is told nothing of the request: a layer around it, too, finds the
/// `X-Request-Id` that the caller sent, and none that was made.
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
    let reads_request = TypeId::of::<T>() != TypeId::of::<((),)>();
    let mount: Mount<S> =
        Box::new(move |method, edge: &Edge| on(method, edge.around(handler, reads_request)));
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
    let reads_request = TypeId::of::<T>() != TypeId::of::<(Authorized<H::Rule>,)>();
    let mount: Mount<S> = Box::new(move |method, edge: &Edge| {
        let handler = BehindGuard { handler, guard: Arc::clone(&edge.guard) };
        on(method, edge.around(handler, reads_request))
    });
    Mountable { access: Access::Guarded(H::Rule::POLICY), mount }
}
