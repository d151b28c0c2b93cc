//! The guard of an API: who decides, and how the answers of those look who are turned away.

use std::{fmt, sync::Arc, time::Duration};

use axum::{
    http::{HeaderMap, HeaderValue, Request, header::ORIGIN},
    response::{IntoResponse, Response},
};
use domain::{Authorizer, Denial, IntrospectionError, Policy, Principal, Rule, VerdictWatch};
use tokio::{sync::watch, time::Instant};

use super::{
    BearerError, GuardLayer, Require, RequireLayer, RoutableService, Visit,
    session_owner::SessionSeal,
};
use crate::{
    answer::{Answers, MissingRoleStatus, Outcome, Realm, Rejection, Resource},
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
    resource: Option<Resource>,
    allowed_origins: Vec<HeaderValue>,
    watch: Option<Arc<dyn VerdictWatch>>,
    max_stream: Duration,
    sessions: SessionSeal,
    /// Whether what permits opened has to end.
    stopping: watch::Sender<bool>,
}

/// The settings of a [`Guard`].
pub struct GuardBuilder {
    authorizer: Authorizer,
    realm: Realm,
    missing_role: Option<MissingRoleStatus>,
    denials: Option<crate::answer::DenialHook>,
    observer: Option<Box<dyn RequestObserver>>,
    inactive_means: String,
    resource: Option<Resource>,
    allowed_origins: Vec<HeaderValue>,
    watch: Option<Arc<dyn VerdictWatch>>,
    max_stream: Duration,
}

/// Default of the time that anything may stay open by one permit.
const MAX_STREAM: Duration = Duration::from_secs(60 * 60);
/// Part of it by which streams that began together end apart.
const SPREAD: f64 = 0.1;

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
            missing_role: None,
            denials: None,
            observer: None,
            inactive_means: String::new(),
            resource: None,
            allowed_origins: Vec::new(),
            watch: None,
            max_stream: MAX_STREAM,
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

    /// Puts the rule `R` before a service: static files, a proxy, gRPC, an upgrade, an MCP server.
    ///
    /// A request that is let in has its [`Principal`](domain::Principal), as an `Arc`, and its
    /// [`ServicePermit`](crate::ServicePermit) in its extensions. A request that is turned away never
    /// reaches the service. No [`layer`](Self::layer) is needed around it. What the service answers
    /// passes as it is, and ends where the permit does.
    ///
    /// # Panics
    /// Where the guard has a [`resource`](GuardBuilder::resource) and the rule lets in every token: a
    /// personal access token of any stranger is active at every API of its ZITADEL. The rule asks for a
    /// role, or the guard's authorizer for organizations.
    #[must_use]
    pub fn require<R: Rule>(
        &self,
        service: impl RoutableService,
    ) -> Require<R, impl RoutableService> {
        Require::new(self.clone(), service)
    }

    /// Returns whether a service behind `policy` would let in strangers: callers without a role, of any
    /// organization.
    #[must_use]
    pub fn lets_in_strangers(&self, policy: &Policy) -> bool {
        self.0.authorizer.requirements().organizations.is_empty()
            && policy.is_met_with_scopes(&Principal::default())
    }

    /// Makes the layer of [`require`](Self::require), for
    /// [`Router::route_layer`](axum::Router::route_layer).
    #[must_use]
    pub fn require_layer<R: Rule>(&self) -> RequireLayer<R> {
        RequireLayer::new(self.clone())
    }

    /// Returns the resource that it protects, if it has one.
    #[must_use]
    pub fn resource(&self) -> Option<&Resource> {
        self.0.resource.as_ref()
    }

    /// Ends what permits opened, now and from now on: for a server that stops. Streams of events end;
    /// other answers go on, and the server's own patience bounds them.
    pub fn stop(&self) {
        self.0.stopping.send_replace(true);
    }

    /// Returns who decides.
    #[must_use]
    pub fn authorizer(&self) -> &Authorizer {
        &self.0.authorizer
    }

    /// Returns the answer to a request without a usable token. Nothing is logged.
    #[must_use]
    pub fn unauthenticated(&self, error: BearerError) -> Rejection {
        self.0.answers.rejection(&Outcome::NoToken(error), None, None)
    }

    /// Returns the answer to a denial. Nothing is logged.
    #[must_use]
    pub fn denied(&self, denial: Denial) -> Rejection {
        self.0.answers.rejection(&Outcome::Denied(denial), None, None)
    }

    /// Returns the answer where there is no verdict. Nothing is logged.
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

    /// Returns when something that is opened now has been open for as long as anything may be.
    pub(super) fn open_until(&self) -> Option<Instant> {
        let spread = 1.0 + SPREAD * (2.0 * fastrand::f64() - 1.0);
        let max_stream = self.0.max_stream;
        (!max_stream.is_zero()).then(|| Instant::now() + max_stream.mul_f64(spread))
    }

    /// Tells whether the request comes from a page that may not call a service of the resource: DNS
    /// rebinding makes a browser speak for its user. A request without `Origin` comes from no page.
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

    /// Answers and notes a request that no handler is asked.
    pub(crate) fn refuse<B>(&self, request: &Request<B>, outcome: &Outcome) -> Response {
        let (visit, begins_here) = Visit::join(self, request, false, None);
        let mut response = visit.refuse(outcome, None).into_response();
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

    /// Sets the status of the answer to a valid token that lacks the role; 401 by default, and 403 where
    /// there is a [`resource`](Self::resource).
    #[must_use]
    pub fn missing_role_status(self, missing_role: MissingRoleStatus) -> Self {
        Self { missing_role: Some(missing_role), ..self }
    }

    /// Names the resource in every challenge, with the scopes to ask for (RFC 9728 §5.1); none by
    /// default.
    ///
    /// A client that sees them signs in by itself. Where no login helps, as for a missing role, the
    /// challenge then has neither `error` nor `scope`, so that none is begun.
    #[must_use]
    pub fn resource(self, resource: Resource) -> Self {
        Self { resource: Some(resource), ..self }
    }

    /// Sets the origins of pages that may call a guarded service of the [`resource`](Self::resource),
    /// beside its own: a request of another page is answered 403, and nobody is asked about its token.
    #[must_use]
    pub fn allowed_origins(self, origins: impl IntoIterator<Item = HeaderValue>) -> Self {
        Self { allowed_origins: origins.into_iter().collect(), ..self }
    }

    /// Sets who tells that a verdict in use has to be obtained anew; without it what a permit opened
    /// ends at `exp`, at [`max_stream`](Self::max_stream) and at [`Guard::stop`] alone.
    #[must_use]
    pub fn watch(self, watch: Arc<dyn VerdictWatch>) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// Sets how long anything may stay open by one permit, give or take 10 %; 1 h by default. Zero is
    /// no bound.
    #[must_use]
    pub fn max_stream(self, max_stream: Duration) -> Self {
        Self { max_stream, ..self }
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
    ///
    /// # Panics
    /// Where there is a resource, and the realm looks like a field of the challenge
    /// ([`Realm::fits_a_resource`]).
    #[must_use]
    pub fn build(self) -> Guard {
        assert!(
            self.resource.is_none() || self.realm.fits_a_resource(),
            "the realm has a text that clients take for a field of the challenge"
        );
        let missing_role = self.missing_role.unwrap_or(match self.resource {
            Some(_) => MissingRoleStatus::Forbidden,
            None => MissingRoleStatus::default(),
        });
        let resource = self.resource.clone();
        Guard(Arc::new(Inner {
            authorizer: self.authorizer,
            answers: Answers::new(&self.realm, missing_role, resource, self.denials),
            refusals: RefusalLog::new(self.inactive_means),
            observer: self.observer,
            resource: self.resource,
            allowed_origins: self.allowed_origins,
            watch: self.watch,
            max_stream: self.max_stream,
            sessions: SessionSeal::new(),
            stopping: watch::Sender::new(false),
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
