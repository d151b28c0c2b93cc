//! Settings of one ZITADEL instance, and of its event log.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use domain::WhenSilent;

use super::{
    ClaimName, ClientCredentials, ConnectTo, IntrospectionEndpoint, IssuerUrl, OwnToken,
    RootCertificates,
};

/// Address of one ZITADEL instance, and this API's access to it. [`new`](Self::new) has the
/// defaults; every field may be changed before use.
#[derive(Debug)]
pub struct ZitadelSettings {
    /// Issuer and base URL of the instance.
    pub domain: IssuerUrl,
    /// This API's credentials.
    pub credentials: ClientCredentials,
    /// Project of this API, whose roles are read first.
    pub project_id: Option<String>,
    /// Introspection endpoint to use without discovery.
    pub introspection_endpoint: Option<IntrospectionEndpoint>,
    /// Origin to connect to instead of the domain's.
    pub connect_to: Option<ConnectTo>,
    /// Certificates to trust besides the system's.
    pub root_certificates: Option<RootCertificates>,
    /// Names of further claims to keep for handlers.
    pub claims: Vec<ClaimName>,
    /// Longest time for one question, everything included.
    pub timeout: Duration,
    /// Largest number of requests of every kind that are sent to ZITADEL within one second;
    /// unlimited if `None`.
    pub max_per_second: Option<NonZeroUsize>,
    /// Token of this API's own that is known to be good, without which an inactive verdict is not
    /// believed. [`compose`](super::compose) asks about it.
    pub canary: Option<Arc<OwnToken>>,
    /// Event log that [`compose`](super::compose) follows, if any, so that kept answers are not out
    /// of date. Its token is the canary too, unless there is another.
    pub changes: Option<FeedSettings>,
    /// Set to read ZITADEL's metadata at once, trying until they were read, so that
    /// [`ComposedZitadel::issuer`](super::ComposedZitadel::issuer) is spelled as in them. Otherwise
    /// they are read for the first question; with `introspection_endpoint` they never are.
    /// [`compose`](super::compose) reads them.
    pub learn_issuer: bool,
    /// Returns the `traceparent` (W3C Trace Context) of the current work, if it is traced. ZITADEL
    /// is told nothing else about a trace.
    pub trace_parent: fn() -> Option<String>,
}

/// Settings of a followed event log, and the bounds within which answers are kept.
/// [`new`](Self::new) has the defaults; every field may be changed before use.
#[derive(Clone, Debug)]
pub struct FeedSettings {
    /// Personal access token of a service user that may read the event log.
    pub token: Arc<OwnToken>,
    /// Time between two polls; 1 s by default.
    pub interval: Duration,
    /// Time by which each poll goes back, besides the duration of the one before; 10 s by default.
    pub overlap: Duration,
    /// Time after a change in which the answers that it concerns are not kept; 5 s by default.
    pub settle: Duration,
    /// Time after a change of roles in which an answer of that subject is kept for `max_staleness`
    /// at most; 2 min by default.
    pub lag: Duration,
    /// Greatest age of the knowledge by which a request is judged; 3 s by default.
    pub max_staleness: Duration,
    /// The reuse of answers while the event log cannot be read.
    pub when_silent: WhenSilent,
}

/// Default of the longest time for one question.
const TIMEOUT: Duration = Duration::from_secs(5);

impl ZitadelSettings {
    /// Creates settings for the instance at `domain`: 5 s for a question, no project id, endpoint
    /// from discovery, the system's root certificates.
    #[must_use]
    pub fn new(domain: IssuerUrl, credentials: ClientCredentials) -> Self {
        Self {
            domain,
            credentials,
            project_id: None,
            introspection_endpoint: None,
            connect_to: None,
            root_certificates: None,
            claims: Vec::new(),
            timeout: TIMEOUT,
            max_per_second: None,
            canary: None,
            changes: None,
            learn_issuer: false,
            trace_parent: || None,
        }
    }
}

impl FeedSettings {
    /// Follows the event log with `token`.
    #[must_use]
    pub fn new(token: Arc<OwnToken>) -> Self {
        Self {
            token,
            interval: Duration::from_secs(1),
            overlap: Duration::from_secs(10),
            settle: Duration::from_secs(5),
            lag: Duration::from_mins(2),
            max_staleness: Duration::from_secs(3),
            when_silent: WhenSilent::default(),
        }
    }
}
