//! The answer that turns a request away, as a value.

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
    MissingRoleStatus, Outcome, Problem, Realm, Reason, Resource,
    challenge::Challenges,
    outcome::Header,
    problem::{IdSlot, NO_STORE},
};
use crate::note::RequestId;

/// A request that was turned away: the rejection of [`Authorized`](crate::Authorized).
///
/// It answers by itself: a [`Problem`], the challenge of RFC 6750, and `Retry-After` where there was
/// no verdict. A handler that takes `Result<Authorized<R>, Rejection>` may answer in its own words;
/// [`GuardBuilder::denials`](crate::GuardBuilder::denials) changes the words of all of them. The event
/// in the log is written before either of them sees it.
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

/// Writes a rejection in the owner's own format.
pub(crate) type DenialHook = Arc<dyn Fn(&Rejection) -> Response + Send + Sync>;

impl Rejection {
    /// Returns the status of the answer.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.problem.status()
    }

    /// Returns the value of `WWW-Authenticate` (RFC 6750 §3), where there is one.
    #[must_use]
    pub fn challenge(&self) -> Option<&HeaderValue> {
        let header = self.0.header.as_ref();
        header.filter(|(name, _)| name == WWW_AUTHENTICATE).map(|(_, challenge)| challenge)
    }

    /// Returns why the request was turned away.
    #[must_use]
    pub fn reason(&self) -> Reason {
        self.0.reason
    }

    /// Returns the body that is answered without a hook.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// Returns the id of the request; `None` where no guard saw it.
    #[must_use]
    pub fn request_id(&self) -> Option<&RequestId> {
        self.0.request_id.as_ref()
    }

    /// Makes the answer to an outcome where there is no guard whose settings could be used.
    pub(crate) fn without_guard(outcome: &Outcome) -> Self {
        let answers = Answers::new(&Realm::default(), MissingRoleStatus::default(), None, None);
        answers.rejection(outcome, None, None)
    }
}

impl IntoResponse for Rejection {
    fn into_response(mut self) -> Response {
        // Without the hook: one that falls back to the rejection's own answer must not call itself.
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
            // A hook may offer another scheme beside ours (RFC 9110 §11.6.1).
            let offered = response.headers().get_all(&name).iter().any(|other| *other == value);
            if !offered {
                response.headers_mut().append(name, value);
            }
        }
        response.extensions_mut().insert(Rejected);
        response
    }
}

/// Marks the answer of a rejection, which is no rejection of axum's whatever a hook made of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejected;

impl Rejection {
    /// A hook chooses body and headers, and may send the caller elsewhere to sign in. It cannot turn a
    /// denial into a success, nor into an answer that a cache has.
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

/// The settings by which outcomes become answers.
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

    /// Makes the answer to an outcome; `policy` is that of the rule that was to be met, if any was.
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
            // It may be the hook that panicked.
            hook: self.hook.clone().filter(|_| !matches!(outcome, Outcome::Panicked)),
        }))
    }
}
