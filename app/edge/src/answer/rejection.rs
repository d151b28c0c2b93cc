//! Response to a rejected request, as a value that a handler can inspect.

use std::{fmt, sync::Arc};

use axum::{
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, WWW_AUTHENTICATE},
    },
    response::{IntoResponse, Response},
};
use domain::Policy;

use super::{
    MissingRoleStatus, Outcome, Problem, Realm, Reason, RequestId, Resource,
    challenge::Challenges,
    outcome::Header,
    problem::{IdSlot, NO_STORE},
};

/// Rejection of a request. A rejection by the extractor [`Authorized`](crate::Authorized) is
/// already logged.
///
/// Its response is a [`Problem`] with the header `WWW-Authenticate` (RFC 6750), or with
/// `Retry-After` if introspection failed. A handler that takes `Result<Authorized<R>, Rejection>`
/// may respond otherwise, and [`GuardBuilder::denials`](crate::GuardBuilder::denials) changes all
/// responses.
#[derive(Clone)]
pub struct Rejection(Box<Inner>);

#[derive(Clone)]
struct Inner {
    reason: Reason,
    problem: Problem,
    header: Option<Header>,
    request_id: Option<RequestId>,
    hook: Option<DenialHook>,
}

/// Function that writes the response to a rejection in the service's own format.
pub(crate) type DenialHook = Arc<dyn Fn(&Rejection) -> Response + Send + Sync>;

impl Rejection {
    /// Returns the HTTP status of this rejection's response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.problem.status()
    }

    /// Returns the value of `WWW-Authenticate` (RFC 6750 §3), if any.
    #[must_use]
    pub fn challenge(&self) -> Option<&HeaderValue> {
        let header = self.0.header.as_ref();
        header.filter(|(name, _)| name == WWW_AUTHENTICATE).map(|(_, challenge)| challenge)
    }

    /// Returns the reason why the request was rejected.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// Returns this rejection's problem, which is the response's body unless
    /// [`GuardBuilder::denials`](crate::GuardBuilder::denials) replaces that.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// Returns the id of the request; `None` if no guard is around its route, or if a method such
    /// as [`Guard::denied`](crate::Guard::denied) made this rejection.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.0.request_id.as_ref()
    }

    /// Creates the rejection of a request whose route has no guard around it, as a guard with
    /// default settings would.
    pub(crate) fn without_guard(outcome: &Outcome) -> Self {
        let answers = Answers::new(&Realm::default(), MissingRoleStatus::default(), None, None);
        answers.rejection(outcome, None, None)
    }
}

impl IntoResponse for Rejection {
    fn into_response(mut self) -> Response {
        // The hook may convert this rejection itself; that must not call the hook again.
        let mut response = if let Some(hook) = self.0.hook.take() {
            self.hooked(&*hook)
        } else {
            let id = IdSlot::default();
            if let Some(request_id) = &self.0.request_id {
                id.set(request_id);
            }
            self.0.problem.clone().answer(id)
        };
        if let Some((name, value)) = self.0.header {
            // A hook may add a challenge of another scheme (RFC 9110 §11.6.1).
            let offered = response.headers().get_all(&name).iter().any(|other| *other == value);
            if !offered {
                response.headers_mut().append(name, value);
            }
        }
        response.extensions_mut().insert(Rejected);
        response
    }
}

/// Response extension that marks the response of a [`Rejection`], as opposed to a rejection by
/// axum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejected;

impl Rejection {
    /// Returns the response that the service's function `hook` writes, and forbids caching it. A
    /// status that is neither an error nor a redirect is replaced by the rejection's status.
    fn hooked(&self, hook: &(dyn Fn(&Self) -> Response + Send + Sync)) -> Response {
        let mut response = hook(self);
        let status = response.status();
        let denies = status.is_client_error()
            || status.is_server_error()
            || status.is_redirection() && status != StatusCode::NOT_MODIFIED;
        if !denies {
            *response.status_mut() = self.status();
        }
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
        response
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("reason", &self.0.reason)
            .field("problem", &self.0.problem)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.problem.detail())
    }
}

impl std::error::Error for Rejection {}

#[derive(Clone)]
pub(crate) struct Answers {
    challenges: Challenges,
    missing_role: MissingRoleStatus,
    hook: Option<DenialHook>,
}

impl Answers {
    pub(crate) fn new(
        realm: &Realm,
        missing_role: MissingRoleStatus,
        resource: Option<Resource>,
        hook: Option<DenialHook>,
    ) -> Self {
        Self { challenges: Challenges::new(realm, resource), missing_role, hook }
    }

    /// Creates the rejection for `outcome`. The challenge names the scopes of `policy`, the policy
    /// of the route's rule.
    pub(crate) fn rejection(
        &self,
        outcome: &Outcome,
        policy: Option<&Policy>,
        request_id: Option<&RequestId>,
    ) -> Rejection {
        let (problem, header) = outcome.answer(&self.challenges, self.missing_role, policy);
        Rejection(Box::new(Inner {
            reason: outcome.reason(),
            problem,
            header,
            request_id: request_id.cloned(),
            // The hook itself may have panicked.
            hook: self.hook.clone().filter(|_| !matches!(outcome, Outcome::Panicked)),
        }))
    }
}
