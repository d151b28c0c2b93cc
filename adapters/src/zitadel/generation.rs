//! Replaces the HTTP client for ZITADEL regularly, with its connections, addresses, certificates
//! and metadata.
//!
//! Requests keep their generation (one client with its connections) to the end, and are not
//! repeated here.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use domain::{Introspection, IntrospectionError, Misconfiguration, Outage};
use reqwest::Method;
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep, timeout},
};
use tracing::{info, warn};
use url::Url;

use super::{
    address::IssuerUrl,
    discovery::Discovery,
    fault::FaultSource,
    http_client::{HttpClient, HttpClientError, Route},
    response,
    root_certificates::CurrentRoots,
};

/// Age at which the HTTP client is replaced.
const PERIOD: Duration = Duration::from_mins(5);
/// Wait after a failed replacement of the HTTP client, and maximum time for reading ZITADEL's
/// metadata.
const RETRY: Duration = Duration::from_secs(30);
/// Minimum time between two replacements of the HTTP client, and between two reads of ZITADEL's
/// metadata. Without it, a ZITADEL slower than `zitadel.timeout` would get new connections for each
/// request.
const SPACING: Duration = Duration::from_secs(5);

/// HTTP client with its connections to ZITADEL, and the introspection endpoint from the metadata.
#[derive(Debug)]
pub(super) struct Generation {
    http: OnceCell<Arc<HttpClient>>,
    pub(super) discovery: Discovery,
    /// Number of requests over this HTTP client that got a response of any kind.
    answers: AtomicUsize,
}

/// Number of responses that a generation (an HTTP client with its connections) has got before a
/// request begins. If the request fails, but the number has grown, the connections work.
#[derive(Clone, Copy, Debug)]
pub(super) struct AnswersBefore(usize);

/// Holds the [`Generation`] (HTTP client with its connections) in use, and replaces it after five
/// minutes or an outage.
#[derive(Debug)]
pub(super) struct Generations {
    route: Arc<Route>,
    roots: CurrentRoots,
    current: RwLock<Arc<Generation>>,
    moments: Mutex<Moments>,
}

#[derive(Debug, Default)]
struct Moments {
    replaced: Option<Instant>,
    metadata_doubted: Option<Instant>,
}

impl Generation {
    fn new(http: Option<Arc<HttpClient>>, route: &Route, endpoint: Option<Url>) -> Arc<Self> {
        let discovery = Discovery::new(route.domain.clone(), endpoint);
        Arc::new(Self { http: OnceCell::new_with(http), discovery, answers: AtomicUsize::new(0) })
    }

    /// Returns the number of responses that this HTTP client has got before a request begins. If
    /// the number has grown when the request fails, the connections work, and
    /// [`Generations::heed`] keeps them.
    pub(super) fn begin(&self) -> AnswersBefore {
        AnswersBefore(self.answers.load(Ordering::Relaxed))
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        self.http.get().map(|http| http.addresses()).unwrap_or_default()
    }
}

impl Generations {
    pub(super) fn new(route: Route, roots: CurrentRoots) -> Result<Self, HttpClientError> {
        let http = Arc::new(route.client(roots.pem().as_deref())?);
        let current = Generation::new(Some(http), &route, route.endpoint.clone());
        let (route, current) = (Arc::new(route), RwLock::new(current));
        Ok(Self { route, roots, current, moments: Mutex::default() })
    }

    pub(super) fn domain(&self) -> &IssuerUrl {
        &self.route.domain
    }

    pub(super) fn current(&self) -> Arc<Generation> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the HTTP client of `generation`, which the first caller creates while others wait.
    pub(super) async fn http<'a>(
        &self,
        generation: &'a Generation,
    ) -> Result<&'a Arc<HttpClient>, IntrospectionError> {
        let made = generation.http.get_or_try_init(|| self.roots.client(&self.route)).await;
        made.map_err(|source| IntrospectionError::Unavailable {
            reason: Outage::Unreachable,
            source,
        })
    }

    /// Replaces the connections of `generation` if the introspection that ended with `answer` got
    /// no response, and no other request got one meanwhile. Reads ZITADEL's metadata again after an
    /// unexpected status or a redirect: the introspection endpoint may have moved.
    pub(super) fn heed(
        self: &Arc<Self>,
        generation: &Arc<Generation>,
        before: AnswersBefore,
        answer: &Result<Introspection, IntrospectionError>,
    ) {
        let outage = match answer {
            Err(IntrospectionError::Unavailable { reason, .. }) => Some(*reason),
            _ => None,
        };
        self.heed_outage(generation, before, outage);
        let is_elsewhere = matches!(
            answer,
            Err(IntrospectionError::Unavailable { reason: Outage::UnexpectedStatus, .. }
                | IntrospectionError::Misconfigured { reason: Misconfiguration::Redirected, .. })
        );
        if is_elsewhere && self.is_time(|moments| &mut moments.metadata_doubted) {
            let (generations, generation) = (Arc::clone(self), Arc::clone(generation));
            tokio::spawn(async move { generations.read_metadata_again(&generation).await });
        }
    }

    /// Notes the outcome of a request over the connections of `generation`. Replaces them if
    /// `outage` says that no response came, and no other request got one meanwhile.
    pub(super) fn heed_outage(
        self: &Arc<Self>,
        generation: &Arc<Generation>,
        before: AnswersBefore,
        outage: Option<Outage>,
    ) {
        match outage {
            Some(reason @ (Outage::TimedOut | Outage::Interrupted | Outage::Unreachable)) => {
                if generation.answers.load(Ordering::Relaxed) == before.0 {
                    self.replace(generation, reason);
                }
            }
            Some(Outage::TooManyInFlight | Outage::OverBudget | Outage::CircuitOpen) => {}
            _ => {
                generation.answers.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Replaces the HTTP client of `old`, over which a request got no response. The new one uses
    /// the old introspection endpoint until ZITADEL's metadata are read again.
    fn replace(self: &Arc<Self>, old: &Arc<Generation>, reason: Outage) {
        let new = Generation::new(None, &self.route, old.discovery.kept().cloned());
        if !self.install(old, &new, || self.is_time(|moments| &mut moments.replaced)) {
            return;
        }
        // Logged once per outage: later generations have had no response yet. `Unreachable` may
        // mean that no client could be made.
        if old.answers.load(Ordering::Relaxed) > 0 && reason != Outage::Unreachable {
            let reason = reason.as_str();
            info!(reason, "connections replaced: no answer came over the old ones");
        }
        let (generations, addresses) = (Arc::clone(self), old.addresses());
        tokio::spawn(async move {
            generations.read_metadata_again(&new).await;
            tell_addresses(&addresses, &new.addresses());
        });
    }

    /// Replaces the HTTP client every five minutes, until `self` is dropped.
    pub(super) fn renew_regularly(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let used = Arc::downgrade(self);
        async move {
            let mut wait = PERIOD;
            let mut warned = false;
            loop {
                sleep(wait).await;
                let Some(generations) = used.upgrade() else { return };
                let fault = generations.renew().await.err();
                if let (Some(fault), false) = (&fault, warned) {
                    let reason = fault.reason();
                    warn!(reason, "connections stay as they were: new ones got no metadata");
                }
                warned = fault.is_some();
                wait = if warned { RETRY } else { PERIOD };
            }
        }
    }

    /// Replaces the HTTP client by a new one, once the new one has got ZITADEL's metadata. If the
    /// introspection endpoint is configured, any response from its origin will do.
    pub(super) async fn renew(&self) -> Result<(), IntrospectionError> {
        let old = self.current();
        let new = Generation::new(None, &self.route, self.route.endpoint.clone());
        let proof = async {
            let http = self.http(&new).await?;
            match &self.route.endpoint {
                None => drop(new.discovery.endpoint(http, &self.route.pace).await?),
                Some(endpoint) => {
                    let mut url = endpoint.clone();
                    url.set_path("/.well-known/openid-configuration");
                    url.set_query(None);
                    let sent = self.route.pace.spend();
                    let answer = response::send(http.request(Method::GET, url)).await?;
                    self.route.pace.note(sent, answer.status(), answer.headers());
                }
            }
            Ok(())
        };
        timeout(self.patience(), proof)
            .await
            .unwrap_or_else(|_| Err(FaultSource::Timeout.unavailable(Outage::TimedOut)))?;
        if self.install(&old, &new, || self.is_time(|moments| &mut moments.replaced)) {
            tell_endpoint(old.discovery.kept(), new.discovery.kept());
            tell_addresses(&old.addresses(), &new.addresses());
        }
        Ok(())
    }

    /// Reads ZITADEL's metadata again, and uses the introspection endpoint that they name. Changes
    /// nothing if the endpoint is configured, or the metadata cannot be read.
    async fn read_metadata_again(&self, generation: &Arc<Generation>) {
        let asking = async {
            let http = self.http(generation).await.ok()?;
            let kept = generation.discovery.kept()?;
            let found = match self.route.endpoint {
                Some(_) => return None,
                None => generation.discovery.ask(http, &self.route.pace).await.ok()?,
            };
            (found != *kept).then(|| (Arc::clone(http), found))
        };
        let Ok(Some((http, found))) = timeout(self.patience(), asking).await else { return };
        let moved = Generation::new(Some(http), &self.route, Some(found));
        if self.install(generation, &moved, || true) {
            tell_endpoint(generation.discovery.kept(), moved.discovery.kept());
        }
    }

    /// Returns the time limit for reading ZITADEL's metadata: `zitadel.timeout`, but at most 30 s.
    fn patience(&self) -> Duration {
        self.route.timeout.min(RETRY)
    }

    /// Makes `new` the generation (HTTP client with its connections) in use, if that is still `old`
    /// and `allowed` returns true. Returns whether it did.
    fn install(
        &self,
        old: &Arc<Generation>,
        new: &Arc<Generation>,
        allowed: impl FnOnce() -> bool,
    ) -> bool {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        let is_installed = Arc::ptr_eq(&current, old) && allowed();
        if is_installed {
            *current = Arc::clone(new);
        }
        is_installed
    }

    /// Returns whether the action whose last time `moment` selects, such as replacing the HTTP
    /// client, was at least 5 s ago or never. If so, sets its time to now.
    fn is_time(&self, moment: impl FnOnce(&mut Moments) -> &mut Option<Instant>) -> bool {
        let mut moments: MutexGuard<'_, _> =
            self.moments.lock().unwrap_or_else(PoisonError::into_inner);
        let moment = moment(&mut moments);
        let is_time = moment.is_none_or(|last| last.elapsed() >= SPACING);
        if is_time {
            *moment = Some(Instant::now());
        }
        is_time
    }
}

fn tell_endpoint(before: Option<&Url>, now: Option<&Url>) {
    if let (Some(before), Some(now)) = (before, now)
        && before != now
    {
        info!(%before, %now, "introspection endpoint replaced: the metadata names another one");
    }
}

fn tell_addresses(before: &[SocketAddr], now: &[SocketAddr]) {
    if !before.is_empty() && !now.is_empty() && before != now {
        info!(?before, ?now, "addresses replaced: the name resolves to others");
    }
}

#[cfg(test)]
mod tests;
