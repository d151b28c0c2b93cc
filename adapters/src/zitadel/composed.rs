//! Puts ZITADEL's introspector together with the shipped decorators.

use std::{fmt, sync::Arc, time::Duration};

use domain::{Authorizer, KeptVerdicts, Requirements, TokenIntrospector, VerdictWatch};
use tokio::runtime::Handle;

use super::{
    Canary, CurrentCredentials, FollowedLog, HttpClientError, NamedIssuer, SettingsSummary,
    Verdicts, ZitadelIntrospector, ZitadelSettings, named_issuer,
};
use crate::{
    CacheSettings, Clocks, Limits, Stack, SystemClock,
    decorators::{Belief, Breaker, KnownTokens, TokenCache, Witness},
    stack,
};

/// Clock skew that is tolerated when `nbf` is judged.
const LEEWAY: Duration = Duration::from_secs(5);

/// ZITADEL's introspector behind the shipped decorators, made by [`compose`].
pub struct ComposedZitadel {
    /// Introspector, behind the circuit breaker and the limits.
    pub introspector: Arc<dyn TokenIntrospector>,
    /// Cache of active verdicts, which the introspector fills but does not read: an authorizer of
    /// your own needs it too ([`Authorizer::kept`]). `None` if the cache is off.
    pub kept: Option<Arc<dyn KeptVerdicts>>,
    /// Requirements for every token: the issuer, and 5 s of tolerated clock skew. Organizations and
    /// audiences may be added before [`authorizer`](Self::authorizer) is called.
    pub requirements: Requirements,
    /// Tokens whose last verdict was active. An embedding program with limits of its own, such as
    /// on requests per second, can let these tokens pass first.
    pub known: Arc<KnownTokens>,
    /// Issuer byte for byte as ZITADEL's metadata spell it, for this API's own metadata (RFC 9728).
    /// See [`ZitadelSettings::learn_issuer`].
    pub issuer: NamedIssuer,
    /// Circuit breaker, for a health check.
    pub breaker: Breaker,
    /// Record of whether inactive verdicts are currently believed, for a health check.
    pub belief: Belief,
    /// Canary, a token that must be active for an inactive verdict to be believed; for a health
    /// check.
    pub canary: Option<Canary>,
    /// Event log, for a health check and webhooks; `None` if it is not followed.
    pub changes: Option<FollowedLog>,
    /// Signals when a token must be introspected again during a long response, such as a stream;
    /// `None` if the event log is not followed.
    pub watch: Option<Arc<dyn VerdictWatch>>,
    /// Count of consecutive introspections without a verdict, for a health check.
    pub verdicts: Verdicts,
    /// Summary of the settings, for explaining ZITADEL's responses to operators.
    pub summary: SettingsSummary,
    /// Credentials of this API, whose files can be read again on demand.
    pub credentials: Arc<CurrentCredentials>,
}

/// Puts the shipped decorators around ZITADEL's introspector. Waits for no request, so that a
/// program can start while ZITADEL is down.
///
/// Within a tokio runtime, credentials in files are read again every 5 seconds, connections are
/// replaced every 5 minutes, the canary is watched and the event log followed. Without a runtime,
/// credentials are read again only when ZITADEL refuses them, connections are replaced only when no
/// response comes over them, and the event log is not read.
///
/// ```no_run
/// use adapters::{
///     CacheSettings, Limits,
///     zitadel::{ClientCredentials, ZitadelSettings, compose},
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let domain = "https://auth.example.com".parse()?;
/// let credentials = ClientCredentials::key_file("key.json")?;
/// let settings = ZitadelSettings::new(domain, credentials);
/// let zitadel = compose(settings, CacheSettings::default(), Limits::default())?;
/// let authorizer = zitadel.authorizer();
/// # let _ = authorizer;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When no HTTP client can be made from the settings.
pub fn compose(
    mut settings: ZitadelSettings,
    cache: CacheSettings,
    limits: Limits,
) -> Result<ComposedZitadel, HttpClientError> {
    let issuer = settings.domain.issuer().clone();
    let named = settings.domain.named().clone();
    let learns = settings.learn_issuer && settings.introspection_endpoint.is_none();
    let timeout = settings.timeout;
    let summary = settings.summary();
    let known = Arc::new(KnownTokens::new(cache.max_entries));
    let feed = settings.changes.take();
    let reader = feed.as_ref().map(|feed| Arc::clone(&feed.token));
    // If the event log's token is the canary too, the canary watches its file.
    let (canary, reader) = match settings.canary.take() {
        Some(canary) => (Some(canary), reader),
        None => (reader, None),
    };
    let (project_id, claims) = (settings.project_id.clone(), settings.claims.clone());
    let introspector = ZitadelIntrospector::new(settings)?;
    let introspector = introspector.with_known(Arc::clone(&known), limits.known_share);
    let clocks = Clocks::of_the_system();
    let followed =
        feed.map(|feed| FollowedLog::follow(&feed, &introspector, project_id, claims, &clocks));
    let (followed, following) = followed.unzip();
    let canary = canary
        .map(|token| Canary::new(token, introspector.for_own_tokens(), Arc::new(SystemClock)));
    let credentials = Arc::clone(introspector.credentials());
    let verdicts = introspector.verdicts();
    if let Ok(runtime) = Handle::try_current() {
        runtime.spawn(introspector.renew_regularly());
        if learns {
            runtime.spawn(named_issuer::learn(&introspector));
        }
        if credentials.may_change() {
            runtime.spawn(credentials.look_regularly());
        }
        if let Some(canary) = &canary {
            runtime.spawn(canary.watch_regularly());
        }
        if let Some(reader) = &reader {
            runtime.spawn(reader.look_regularly());
        }
        if let Some(following) = following {
            runtime.spawn(following);
        }
    }
    let mut witnesses: Vec<Arc<dyn Witness>> =
        canary.iter().map(|canary| Arc::new(canary.clone()) as _).collect();
    let changes = followed.as_ref().map(|followed| Arc::clone(&followed.changes));
    if let Some(followed) = &followed {
        witnesses.push(Arc::new(followed.witness(clocks.clone())));
    }
    let watch = followed.as_ref().map(|followed| Arc::new(followed.watch(clocks.clone())) as _);
    let is_kept = !cache.ttl.is_zero();
    let tokens = is_kept.then(|| Arc::new(TokenCache::new(cache, changes, clocks.clone())));
    let Stack { introspector, kept, breaker, belief } =
        stack(introspector, Arc::clone(&known), witnesses, tokens, limits, timeout, clocks);
    let requirements =
        Requirements { issuer: Some(issuer), leeway: LEEWAY, ..Requirements::default() };
    Ok(ComposedZitadel {
        introspector,
        kept,
        requirements,
        known,
        issuer: named,
        breaker,
        belief,
        canary,
        changes: followed,
        watch,
        verdicts,
        summary,
        credentials,
    })
}

impl ComposedZitadel {
    /// Returns an authorizer with this introspector, cache and requirements, and the system's
    /// clock.
    #[must_use]
    pub fn authorizer(&self) -> Authorizer {
        let introspector = Arc::clone(&self.introspector);
        Authorizer::new(introspector, Arc::new(SystemClock), self.requirements.clone())
            .kept(self.kept.clone())
    }
}

impl fmt::Debug for ComposedZitadel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ComposedZitadel")
            .field("requirements", &self.requirements)
            .field("summary", &self.summary)
            .finish_non_exhaustive()
    }
}
