//! Settings of one ZITADEL instance.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use super::{
    ClaimName, ClientCredentials, ConnectTo, Domain, FeedSettings, IntrospectionEndpoint, OwnToken,
    RootCertificates,
};

/// How to reach one ZITADEL instance, and as whom. [`new`](Self::new) has the defaults; every field may
/// be changed before use.
#[derive(Debug)]
pub struct ZitadelSettings {
    /// The issuer and base URL of the instance.
    pub domain: Domain,
    /// This API's credentials.
    pub credentials: ClientCredentials,
    /// The project of this API, whose roles are read first.
    pub project_id: Option<String>,
    /// The introspection endpoint, where discovery is not to be asked.
    pub introspection_endpoint: Option<IntrospectionEndpoint>,
    /// The origin to connect to instead of the domain's.
    pub connect_to: Option<ConnectTo>,
    /// Certificates to trust besides the system's.
    pub root_certificates: Option<RootCertificates>,
    /// Names of further claims to keep for handlers.
    pub claims: Vec<ClaimName>,
    /// The most that one question may take, everything included.
    pub timeout: Duration,
    /// Requests of every kind that are sent to ZITADEL within one second, at most; without it as many
    /// as there are questions.
    pub max_per_second: Option<NonZeroUsize>,
    /// A token of this API's own that is known to be good, without which an inactive is not believed;
    /// [`compose`](super::compose) asks about it.
    pub canary: Option<Arc<OwnToken>>,
    /// The event log that is followed, so that answers are kept and are not out of date; without it none
    /// is. Its token is the canary too, unless there is another. [`compose`](super::compose) follows it.
    pub changes: Option<FeedSettings>,
    /// Asks for ZITADEL's metadata at once and until they were read, so that
    /// [`ComposedZitadel::issuer`](super::ComposedZitadel::issuer) is told as they spell it. Without it they
    /// are read for the first question; with `introspection_endpoint` they never are. [`compose`](super::compose) asks.
    pub learn_issuer: bool,
    /// Gives the `traceparent` (W3C Trace Context) of what is under way, if that is traced. It is
    /// all that ZITADEL is told about a trace.
    pub trace_parent: fn() -> Option<String>,
}

/// Default time that one question may take.
const TIMEOUT: Duration = Duration::from_secs(5);

impl ZitadelSettings {
    /// Asks the instance at `domain` with these credentials: 5 s for a question, no project id,
    /// endpoint from discovery, the system's root certificates.
    #[must_use]
    pub fn new(domain: Domain, credentials: ClientCredentials) -> Self {
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
