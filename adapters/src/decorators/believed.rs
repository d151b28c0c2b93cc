//! Passes on an inactive verdict only if witnesses confirm that ZITADEL's database works.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{AccessToken, Introspection, IntrospectionError, TokenIntrospector};
use metrics::{Counter, counter};
use thiserror::Error;
use tokio::time::{Instant, timeout_at};

use super::{Belief, KnownTokens, NoWitness};

/// Maximum time from the start of a check in which all witnesses vouched to the start of an
/// introspection. Within it, an inactive verdict on a token that is not known needs no second
/// introspection, only that the witnesses vouch again: only a database fault shorter than this time
/// and the introspection together could lie between the two checks.
const FRAME: Duration = Duration::from_millis(500);

/// Decorator that passes on an inactive verdict only if ZITADEL's database works: during a database
/// fault, ZITADEL calls valid tokens inactive.
///
/// After an inactive verdict, all witnesses (checks of the database) are asked. The token is then
/// introspected once more if it was active before, or if no witnesses vouched within 500 ms before
/// the introspection. This second verdict reveals a fault that ended before the witnesses' check.
///
/// Also updates the set of known tokens: an inactive verdict that is not believed removes none.
#[derive(Debug)]
pub struct Believed<I> {
    inner: I,
    known: Arc<KnownTokens>,
    belief: Belief,
    patience: Duration,
    /// Start of the newest call in which all witnesses vouched; `None` before the first.
    vouched_after: Mutex<Option<Instant>>,
    trusted: Counter,
    doubted: Counter,
}

#[derive(Debug, Error)]
enum DoubtReason {
    #[error(transparent)]
    NoWitness(#[from] NoWitness),
    #[error("it was asked about once more, without a verdict")]
    NotAgain(#[source] IntrospectionError),
    #[error("no witness vouched for it within zitadel.timeout")]
    TooLate,
}

impl<I: TokenIntrospector> Believed<I> {
    /// Creates a decorator that confirms inactive verdicts of `inner`. Getting and confirming one
    /// takes at most `patience`. Registers its metrics at the current recorder.
    #[must_use]
    pub fn new(inner: I, known: Arc<KnownTokens>, belief: Belief, patience: Duration) -> Self {
        let answers = |believed: &'static str| {
            if belief.has_witnesses() {
                counter!("inactive_answers_total", "believed" => believed)
            } else {
                Counter::noop()
            }
        };
        let (trusted, doubted) = (answers("true"), answers("false"));
        Self { inner, known, belief, patience, vouched_after: Mutex::default(), trusted, doubted }
    }

    /// Returns the final verdict on a token that `inner` called inactive: asks the witnesses, then
    /// introspects the token again. The second introspection is left out if the token is not known
    /// and the witnesses vouched just before the first (`is_framed` is true).
    async fn confirm(
        &self,
        token: &AccessToken<'_>,
        is_framed: bool,
    ) -> Result<Introspection, DoubtReason> {
        let after = Instant::now();
        self.belief.vouch().await?;
        {
            let mut vouched_after =
                self.vouched_after.lock().unwrap_or_else(PoisonError::into_inner);
            *vouched_after = (*vouched_after).max(Some(after));
        }
        if is_framed && !self.known.contains(token) {
            return Ok(Introspection::Inactive);
        }
        self.inner.introspect(token).await.map_err(DoubtReason::NotAgain)
    }

    fn is_framed(&self, asked_at: Instant) -> bool {
        let vouched_after = *self.vouched_after.lock().unwrap_or_else(PoisonError::into_inner);
        vouched_after.is_some_and(|after| asked_at - after <= FRAME)
    }

    fn count(&self, verdict: &Result<Introspection, DoubtReason>) {
        match verdict {
            Ok(Introspection::Inactive) => self.trusted.increment(1),
            Ok(Introspection::Active(_)) => self.doubted.increment(1),
            Err(_) => {
                self.doubted.increment(1);
                self.belief.doubt();
            }
        }
    }
}

#[async_trait]
impl<I: TokenIntrospector> TokenIntrospector for Believed<I> {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        let asked_at = Instant::now();
        let is_framed = self.is_framed(asked_at);
        let mut verdict = self.inner.introspect(token).await?;
        if verdict == Introspection::Inactive && self.belief.has_witnesses() {
            let confirmed =
                timeout_at(asked_at + self.patience, self.confirm(token, is_framed)).await;
            let confirmed = confirmed.unwrap_or(Err(DoubtReason::TooLate));
            self.count(&confirmed);
            verdict = confirmed
                .map_err(|doubt| IntrospectionError::Unwitnessed { source: Arc::new(doubt) })?;
        }
        if matches!(verdict, Introspection::Active(_)) {
            self.belief.heard_active();
        }
        self.known.learn(token, &verdict);
        Ok(verdict)
    }
}

#[cfg(test)]
mod tests;
