//! Guard of an API: holds the API's authorizer and settings.

use std::{fmt, sync::Arc, time::Duration};

use axum::http::{HeaderMap, HeaderValue, header::ORIGIN};
use domain::{Authorizer, Denial, IntrospectionError, Policy, Principal, VerdictWatch};
use tokio::{sync::watch, time::Instant};

use super::session_owner::SessionSeal;
use crate::{
    answer::{Answers, BearerError, Outcome, Rejection, Resource},
    note::{RefusalLog, RequestObserver},
};

/// Guards the routes and services of one API. Cheap to clone.
///
/// [`layer`](Self::layer) puts the guard around a router, so that handlers can take
/// [`Authorized<R>`](crate::Authorized). [`require`](Self::require) puts the guard before a service
/// that is not a handler. [`Routes::into_router`](crate::Routes::into_router) makes a router of a
/// route table.
#[derive(Clone)]
pub struct Guard(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) authorizer: Authorizer,
    pub(super) answers: Answers,
    pub(super) refusals: RefusalLog,
    pub(super) observer: Option<Box<dyn RequestObserver>>,
    pub(super) resource: Option<Resource>,
    pub(super) allowed_origins: Vec<HeaderValue>,
    pub(super) watch: Option<Arc<dyn VerdictWatch>>,
    pub(super) max_stream: Duration,
    pub(super) sessions: SessionSeal,
    pub(super) stopping: watch::Sender<bool>,
}

/// Maximum fraction by which a stream's time limit differs at random from `max_stream`, so that
/// streams that began together do not end together.
const SPREAD: f64 = 0.1;

impl Guard {
    /// Returns whether a caller of any organization, without any role, can meet `policy` at this
    /// guard.
    #[must_use]
    pub fn lets_in_strangers(&self, policy: &Policy) -> bool {
        self.0.authorizer.requirements().organizations.is_empty()
            && policy.is_met_with_scopes(&Principal::default())
    }

    /// Returns the resource (the API as clients discover it) that this guard protects, if any.
    #[must_use]
    pub fn resource(&self) -> Option<&Resource> {
        self.0.resource.as_ref()
    }

    /// Ends all permits of this guard, also later ones, because the server shuts down. Event
    /// streams end; other responses go on until the server closes their connections.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Returns the authorizer, which introspects and judges tokens.
    #[must_use]
    pub fn authorizer(&self) -> &Authorizer {
        &self.0.authorizer
    }

    /// Returns the rejection of a request without a usable token. Nothing is logged.
    #[must_use]
    pub fn unauthenticated(&self, error: BearerError) -> Rejection {
        self.0.answers.rejection(&Outcome::NoToken(error), None, None)
    }

    /// Returns the rejection of a request whose token is denied. Nothing is logged.
    #[must_use]
    pub fn denied(&self, denial: Denial) -> Rejection {
        self.0.answers.rejection(&Outcome::Denied(denial), None, None)
    }

    /// Returns the rejection of a request whose introspection failed. Nothing is logged.
    #[must_use]
    pub fn undetermined(&self, fault: IntrospectionError) -> Rejection {
        self.0.answers.rejection(&Outcome::Undetermined(fault), None, None)
    }

    pub(crate) fn answers(&self) -> &Answers {
        &self.0.answers
    }

    pub(crate) fn refusals(&self) -> &RefusalLog {
        &self.0.refusals
    }

    pub(crate) fn observer(&self) -> Option<&dyn RequestObserver> {
        self.0.observer.as_deref()
    }

    pub(super) fn watch(&self) -> Option<&dyn VerdictWatch> {
        self.0.watch.as_deref()
    }

    pub(super) fn sessions(&self) -> &SessionSeal {
        &self.0.sessions
    }

    pub(super) fn stopping(&self) -> watch::Receiver<bool> {
        self.0.stopping.subscribe()
    }

    /// Returns the time at which a stream that is opened now must end; `None` without a limit.
    pub(super) fn open_until(&self) -> Option<Instant> {
        let spread = 1.0 + SPREAD * (2.0 * fastrand::f64() - 1.0);
        let max_stream = self.0.max_stream.as_secs_f64() * spread;
        // A time beyond the range of the clock counts as no bound.
        let max_stream = Duration::try_from_secs_f64(max_stream).ok()?;
        if max_stream.is_zero() { None } else { Instant::now().checked_add(max_stream) }
    }

    /// Returns whether the header `Origin` names a web page that may not call the guard's services;
    /// false if the guard has no resource. The check protects services against DNS rebinding.
    pub(super) fn refuses_origin(&self, headers: &HeaderMap) -> bool {
        let Some(resource) = &self.0.resource else { return false };
        let is_allowed = |origin: &HeaderValue| {
            origin == resource.origin() || self.0.allowed_origins.contains(origin)
        };
        !headers.get_all(ORIGIN).iter().all(is_allowed)
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("authorizer", &self.0.authorizer).finish_non_exhaustive()
    }
}
