//! Settings for one ZITADEL instance, and for following its event log.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use domain::WhenSilent;

use super::{
    ClaimName, ClientCredentials, ConnectTo, IntrospectionEndpoint, IssuerUrl, OwnToken,
    RootCertificates,
};

/// Settings for introspection at one ZITADEL instance. [`new`](Self::new) has the defaults.
#[derive(Debug)]
pub struct ZitadelSettings {
    /// Issuer and base URL of the instance.
    pub domain: IssuerUrl,
    /// Credentials by which this API authenticates.
    pub credentials: ClientCredentials,
    /// Id of this API's project. Roles are read from `urn:zitadel:iam:org:project:{id}:roles`. If
    /// the response has no such claim, or `project_id` is `None`, they are read from
    /// `urn:zitadel:iam:org:project:roles`.
    pub project_id: Option<String>,
    /// Introspection endpoint; `None` to discover it.
    pub introspection_endpoint: Option<IntrospectionEndpoint>,
    /// Origin to connect to instead of the domain's, if set.
    pub connect_to: Option<ConnectTo>,
    /// Root certificates to trust besides the system's.
    pub root_certificates: Option<RootCertificates>,
    /// Names of additional claims to keep for handlers.
    pub claims: Vec<ClaimName>,
    /// Time limit of one introspection: discovery, connecting, sending, and reading the response.
    pub timeout: Duration,
    /// Maximum number of requests, of every kind, that are sent to ZITADEL within one second;
    /// `None` for no limit.
    pub max_per_second: Option<NonZeroUsize>,
    /// Canary: a token of this API that is known to be good. [`compose`](super::compose) believes
    /// an inactive verdict only while ZITADEL calls this token active.
    pub canary: Option<Arc<OwnToken>>,
    /// Event log that [`compose`](super::compose) follows to keep cached verdicts up to date, if
    /// set. The event log's token is the canary too, unless `canary` is set.
    pub changes: Option<FeedSettings>,
    /// True if [`compose`](super::compose) requests ZITADEL's metadata at once, to learn how
    /// ZITADEL spells [`ComposedZitadel::issuer`](super::ComposedZitadel::issuer); otherwise the
    /// first introspection does. Without effect if `introspection_endpoint` is set.
    pub learn_issuer: bool,
    /// Returns the `traceparent` (W3C Trace Context) of the current work, which is sent to ZITADEL;
    /// `None` if the work is not traced.
    pub trace_parent: fn() -> Option<String>,
}

/// Settings for following the event log, and limits for the reuse of verdicts. [`new`](Self::new)
/// has the defaults.
#[derive(Clone, Debug)]
pub struct FeedSettings {
    /// Personal access token of a service user that may read the event log.
    pub token: Arc<OwnToken>,
    /// Time between two polls of the event log; 1 s by default.
    pub interval: Duration,
    /// Time span before the newest known event that each poll reads again, extended by the duration
    /// of the previous poll; 10 s by default. Events are found even if the clock of ZITADEL's
    /// database steps back by less than this.
    pub overlap: Duration,
    /// Time for which introspection may still show the state before a change: a verdict requested
    /// within this time after the change is not reused. 5 s by default.
    pub settle: Duration,
    /// Time for which introspection may still show a subject's roles from before a change: a
    /// verdict requested within this time after that change is reused for at most `max_staleness`.
    /// 2 min by default.
    pub lag: Duration,
    /// Maximum time by which a verdict may be out of date when it decides about a request; 3 s by
    /// default.
    pub max_staleness: Duration,
    /// Use of cached verdicts while the event log cannot be read.
    pub when_silent: WhenSilent,
}

const TIMEOUT: Duration = Duration::from_secs(5);

impl ZitadelSettings {
    /// Creates settings for the instance at `domain`: a time limit of 5 s, and no optional setting.
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
    /// Creates settings with the defaults, for the event log that `token` may read.
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
