//! Limits the introspections that each client address may cause at a time.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, RandomState},
    net::IpAddr,
    num::NonZeroUsize,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use adapters::decorators::KnownTokens;
use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, Outage, TokenIntrospector};
use futures_util::future::BoxFuture;
use metrics::{Counter, counter};
use thiserror::Error;
use tokio::runtime::Handle;

use super::peer::{Client, network};

type Answer = Result<Introspection, IntrospectionError>;

/// Limits how many tokens of one client address are introspected at a time. A request beyond the
/// limit fails at once, without a verdict.
///
/// Requests with the same token count once; known tokens do not count. A request counts until the
/// verdict arrives, even if the caller disconnects to evade the limit.
pub(crate) struct BoundedByAddress {
    inner: Arc<dyn TokenIntrospector>,
    known: Arc<KnownTokens>,
    max_tokens: usize,
    waiting: Arc<Waiting>,
    refused: Counter,
}

#[derive(Debug, Error)]
#[error(
    "as many tokens of this client address are asked about as one address may have, which is half of \
     zitadel.max_in_flight; behind a proxy, set server.trusted_proxies"
)]
struct Full;

impl BoundedByAddress {
    /// Creates an introspector that limits the tokens of one client address that are introspected
    /// at a time to half of `max_in_flight`, rounded up. Registers its metrics with the current
    /// recorder.
    pub(crate) fn new(
        inner: Arc<dyn TokenIntrospector>,
        known: Arc<KnownTokens>,
        max_in_flight: NonZeroUsize,
    ) -> Self {
        Self {
            inner,
            known,
            max_tokens: max_in_flight.get().div_ceil(2),
            waiting: Arc::default(),
            refused: counter!("token_introspection_refused_by_address_total"),
        }
    }
}

#[async_trait]
impl TokenIntrospector for BoundedByAddress {
    async fn introspect(&self, token: &AccessToken<'_>) -> Answer {
        let client = Client::current().filter(|client| client.is_bounded);
        let Some(client) = client.filter(|_| !self.known.contains(token)) else {
            return self.inner.introspect(token).await;
        };
        let Some(place) = Waiting::enter(&self.waiting, client.address(), token, self.max_tokens)
        else {
            self.refused.increment(1);
            let reason = Outage::TooManyInFlight;
            return Err(IntrospectionError::Unavailable { reason, source: Arc::new(Full) });
        };
        let (inner, token) = (Arc::clone(&self.inner), token.clone().into_owned());
        let asked = async move {
            let _place = place;
            inner.introspect(&token).await
        };
        ToItsEnd(Some(Box::pin(asked))).await
    }
}

impl fmt::Debug for BoundedByAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundedByAddress")
            .field("max_tokens", &self.max_tokens)
            .finish_non_exhaustive()
    }
}

/// Tokens (as hashes) that are being introspected for each client network, with the number of
/// requests for each token.
#[derive(Debug, Default)]
struct Waiting {
    tokens: Mutex<HashMap<IpAddr, HashMap<u64, usize>>>,
    hasher: RandomState,
}

/// Entry in `Waiting` for one request, removed when dropped. A token counts within the limit of its
/// client network until its last entry is removed.
#[derive(Debug)]
struct Place {
    waiting: Arc<Waiting>,
    network: IpAddr,
    token: u64,
}

impl Waiting {
    fn enter(
        waiting: &Arc<Self>,
        address: IpAddr,
        token: &AccessToken<'_>,
        max_tokens: usize,
    ) -> Option<Place> {
        let token = waiting.hasher.hash_one(token);
        let network = network(address);
        let mut tokens = waiting.lock();
        let of_network = tokens.entry(network).or_default();
        if of_network.len() >= max_tokens && !of_network.contains_key(&token) {
            return None;
        }
        *of_network.entry(token).or_default() += 1;
        Some(Place { waiting: Arc::clone(waiting), network, token })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, HashMap<u64, usize>>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut tokens = self.waiting.lock();
        let Some(of_network) = tokens.get_mut(&self.network) else { return };
        if let Some(requests) = of_network.get_mut(&self.token) {
            *requests -= 1;
            if *requests == 0 {
                of_network.remove(&self.token);
            }
        }
        if of_network.is_empty() {
            tokens.remove(&self.network);
        }
    }
}

/// Future of an introspection. If it is dropped early, a spawned task completes the introspection.
struct ToItsEnd(Option<BoxFuture<'static, Answer>>);

impl Future for ToItsEnd {
    type Output = Answer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Answer> {
        let Some(asked) = &mut self.0 else { return Poll::Pending };
        let polled = asked.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl Drop for ToItsEnd {
    fn drop(&mut self) {
        if let (Some(asked), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            runtime.spawn(asked);
        }
    }
}

#[cfg(test)]
mod tests;
