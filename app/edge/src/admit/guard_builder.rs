//! Builder with the settings of a guard.

use std::{fmt, sync::Arc, time::Duration};

use axum::{http::HeaderValue, response::Response};
use domain::{Authorizer, VerdictWatch};
use tokio::sync::watch;

use super::{Guard, guard::Inner, session_owner::SessionSeal};
use crate::{
    answer::{Answers, DenialHook, MissingRoleStatus, Realm, Rejection, Resource},
    note::{RefusalLog, RequestObserver},
};

/// Builder of a [`Guard`] with settings other than the defaults.
pub struct GuardBuilder {
    authorizer: Authorizer,
    realm: Realm,
    missing_role: Option<MissingRoleStatus>,
    denials: Option<DenialHook>,
    observer: Option<Box<dyn RequestObserver>>,
    inactive_means: String,
    resource: Option<Resource>,
    allowed_origins: Vec<HeaderValue>,
    watch: Option<Arc<dyn VerdictWatch>>,
    max_stream: Duration,
}

const MAX_STREAM: Duration = Duration::from_secs(60 * 60);

impl Guard {
    /// Creates a guard with the default settings: realm `api`, 401 for a missing role.
    #[must_use]
    pub fn new(authorizer: Authorizer) -> Self {
        Self::builder(authorizer).build()
    }

    /// Returns a builder, which starts with the default settings.
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
}

impl GuardBuilder {
    /// Sets the realm of the `WWW-Authenticate` challenge; `api` by default.
    #[must_use]
    pub fn realm(self, realm: Realm) -> Self {
        Self { realm, ..self }
    }

    /// Sets the status of the response to a valid token that lacks the rule's role; 401 by default,
    /// and 403 with a [`resource`](Self::resource).
    #[must_use]
    pub fn missing_role_status(self, missing_role: MissingRoleStatus) -> Self {
        Self { missing_role: Some(missing_role), ..self }
    }

    /// Sets the resource (the API as clients discover it, RFC 9728); none by default.
    ///
    /// Each challenge then names the resource and the scopes to request, so that a client can sign
    /// in by itself. Where no login helps, as for a missing role, the challenge has no `error` and
    /// no `scope`.
    #[must_use]
    pub fn resource(self, resource: Resource) -> Self {
        Self { resource: Some(resource), ..self }
    }

    /// Sets the origins of web pages that may call guarded services, besides the
    /// [`resource`](Self::resource)'s own origin. If there is a resource, requests from other pages
    /// are answered 403 without introspection.
    #[must_use]
    pub fn allowed_origins(self, origins: impl IntoIterator<Item = HeaderValue>) -> Self {
        Self { allowed_origins: origins.into_iter().collect(), ..self }
    }

    /// Sets the watch that signals when a permit's token must be introspected again. Without a
    /// watch a permit ends only at `exp`, at [`max_stream`](Self::max_stream) and at
    /// [`Guard::stop`].
    #[must_use]
    pub fn watch(self, watch: Arc<dyn VerdictWatch>) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// Sets the maximum time (±10 %) for which one permit keeps a stream or connection open; 1 h by
    /// default. Zero means no limit.
    #[must_use]
    pub fn max_stream(self, max_stream: Duration) -> Self {
        Self { max_stream, ..self }
    }

    /// Sets the function that writes the response to every rejected request.
    ///
    /// The guard adds `WWW-Authenticate`, `Retry-After` and `Cache-Control: no-store`. If `write`
    /// returns a status that is neither an error nor a redirect (304 counts as neither), the guard
    /// sends the rejection's own status. `write` may turn the `Rejection` into the usual response.
    /// After a panic, `write` is not called.
    #[must_use]
    pub fn denials(self, write: impl Fn(&Rejection) -> Response + Send + Sync + 'static) -> Self {
        Self { denials: Some(Arc::new(write)), ..self }
    }

    /// Sets the observer that is called for each request; none by default.
    #[must_use]
    pub fn observer(self, observer: impl RequestObserver) -> Self {
        Self { observer: Some(Box::new(observer)), ..self }
    }

    /// Sets the text that the log event about an inactive token shows as likely causes; none by
    /// default.
    #[must_use]
    pub fn inactive_means(self, causes: impl Into<String>) -> Self {
        Self { inactive_means: causes.into(), ..self }
    }

    /// Creates the guard.
    ///
    /// # Panics
    /// When there is a resource, and the realm contains the name of a challenge parameter
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

impl fmt::Debug for GuardBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardBuilder")
            .field("authorizer", &self.authorizer)
            .field("realm", &self.realm)
            .field("missing_role", &self.missing_role)
            .finish_non_exhaustive()
    }
}
