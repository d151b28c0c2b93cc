//! The guard of an API: who decides, and how the answers of those look who are turned away.

use std::{fmt, sync::Arc};

use axum::{
    http::Request,
    response::{IntoResponse, Response},
};
use domain::{Authorizer, Denial, IntrospectionError, Rule};

use super::{BearerError, GuardLayer, Require, RequireLayer, RoutableService, Visit};
use crate::{
    answer::{Answers, MissingRoleStatus, Outcome, Realm, Rejection},
    note::{RefusalLog, RequestObserver},
};

/// Guards the routes and services of one API. Cheap to clone.
///
/// [`layer`](Self::layer) puts it around a router, so that handlers can take
/// [`Authorized<R>`](crate::Authorized); [`require`](Self::require) puts it before a service that is no
/// handler; [`Routes::into_router`](crate::Routes::into_router) makes a router of a strict table.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

struct Inner {
    authorizer: Authorizer,
    answers: Answers,
    refusals: RefusalLog,
    observer: Option<Box<dyn RequestObserver>>,
}

/// The settings of a [`Guard`].
pub struct GuardBuilder {
    authorizer: Authorizer,
    realm: Realm,
    missing_role: MissingRoleStatus,
    denials: Option<crate::answer::DenialHook>,
    observer: Option<Box<dyn RequestObserver>>,
    inactive_means: String,
}

impl Guard {
    /// Creates a guard with the default settings: realm `api`, 401 for a missing role.
    #[must_use]
    pub fn new(authorizer: Authorizer) -> Self {
        Self::builder(authorizer).build()
    }

    /// Begins a guard with settings of its own.
    #[must_use]
    pub fn builder(authorizer: Authorizer) -> GuardBuilder {
        GuardBuilder {
            authorizer,
            realm: Realm::default(),
            missing_role: MissingRoleStatus::default(),
            denials: None,
            observer: None,
            inactive_means: String::new(),
        }
    }

    /// Makes the layer that goes around a router, by [`Router::layer`](axum::Router::layer).
    ///
    /// It gives each request an id, lets handlers below take [`Authorized<R>`](crate::Authorized), marks
    /// answers that depend on a permit with `Cache-Control: no-store`, and tells the observer. It asks
    /// for no token by itself: a route without `Authorized` stays public.
    #[must_use]
    pub fn layer(&self) -> GuardLayer {
        GuardLayer::new(self.clone())
    }

    /// Puts the rule `R` before a service: static files, a proxy, gRPC, an upgrade.
    ///
    /// A request that is let in has its [`Principal`](domain::Principal), as an `Arc`, in its
    /// extensions. A request that is turned away never reaches the service. No
    /// [`layer`](Self::layer) is needed around it.
    #[must_use]
    pub fn require<R: Rule>(
        &self,
        service: impl RoutableService,
    ) -> Require<R, impl RoutableService> {
        Require::new(self.clone(), service)
    }

    /// Makes the layer of [`require`](Self::require), for
    /// [`Router::route_layer`](axum::Router::route_layer).
    #[must_use]
    pub fn require_layer<R: Rule>(&self) -> RequireLayer<R> {
        RequireLayer::new(self.clone())
    }

    /// Returns who decides.
    #[must_use]
    pub fn authorizer(&self) -> &Authorizer {
        &self.0.authorizer
    }

    /// Returns the answer to a request without a usable token. Nothing is logged.
    #[must_use]
    pub fn unauthenticated(&self, error: BearerError) -> Rejection {
        self.0.answers.rejection(&Outcome::NoToken(error), None)
    }

    /// Returns the answer to a denial. Nothing is logged.
    #[must_use]
    pub fn denied(&self, denial: Denial) -> Rejection {
        self.0.answers.rejection(&Outcome::Denied(denial), None)
    }

    /// Returns the answer where there is no verdict. Nothing is logged.
    #[must_use]
    pub fn undetermined(&self, fault: IntrospectionError) -> Rejection {
        self.0.answers.rejection(&Outcome::Undetermined(fault), None)
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

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Answers and notes a request that no handler is asked.
    pub(crate) fn refuse<B>(&self, request: &Request<B>, outcome: &Outcome) -> Response {
        let (visit, begins_here) = Visit::join(self, request, false, None);
        let mut response = visit.refuse(outcome).into_response();
        if begins_here {
            visit.end(&mut response);
        }
        response
    }
}

impl GuardBuilder {
    /// Sets the realm of the challenge; `api` by default.
    #[must_use]
    pub fn realm(self, realm: Realm) -> Self {
        Self { realm, ..self }
    }

    /// Sets the status of the answer to a valid token that lacks the role; 401 by default.
    #[must_use]
    pub fn missing_role_status(self, missing_role: MissingRoleStatus) -> Self {
        Self { missing_role, ..self }
    }

    /// Writes every answer that turns a request away by `write`.
    ///
    /// `WWW-Authenticate`, `Retry-After` and `Cache-Control: no-store` are added to its answer. A
    /// status that is neither an error nor a redirect elsewhere is replaced by that of the rejection.
    /// The rejection that it gets answers as one without a hook. A panic is answered without it.
    #[must_use]
    pub fn denials(self, write: impl Fn(&Rejection) -> Response + Send + Sync + 'static) -> Self {
        Self { denials: Some(Arc::new(write)), ..self }
    }

    /// Sets who watches the requests; none by default.
    #[must_use]
    pub fn observer(self, observer: impl RequestObserver) -> Self {
        Self { observer: Some(Box::new(observer)), ..self }
    }

    /// Sets the text that the event about an inactive token gets: the likely causes at this
    /// authorization server. None by default.
    #[must_use]
    pub fn inactive_means(self, causes: impl Into<String>) -> Self {
        Self { inactive_means: causes.into(), ..self }
    }

    /// Creates the guard.
    #[must_use]
    pub fn build(self) -> Guard {
        Guard(Arc::new(Inner {
            authorizer: self.authorizer,
            answers: Answers::new(&self.realm, self.missing_role, self.denials),
            refusals: RefusalLog::new(self.inactive_means),
            observer: self.observer,
        }))
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("authorizer", &self.0.authorizer).finish_non_exhaustive()
    }
}

impl fmt::Debug for GuardBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardBuilder")
            .field("authorizer", &self.authorizer)
            .field("realm", &self.realm)
            .field("missing_role", &self.missing_role)
            .finish_non_exhaustive()
    }
}
