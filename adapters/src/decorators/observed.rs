//! Counts and times what is asked.

use std::fmt;

use async_trait::async_trait;
use domain::{
    AccessToken, Introspection, IntrospectionError, Misconfiguration, Outage, TokenIntrospector,
};
use metrics::{Gauge, Histogram, gauge, histogram};
use tokio::time::Instant;

/// Times each question to `inner`, and counts those under way. It stands where each question is one
/// that the server sees: what was answered from the cache, shared or refused by ourselves is none.
pub struct Observed<I> {
    inner: I,
    active: Histogram,
    inactive: Histogram,
    /// One for each kind of fault.
    faults: Vec<(&'static str, Histogram)>,
    in_flight: Gauge,
    client_refused: Gauge,
}

impl<I> Observed<I> {
    /// Registers its metrics at the current recorder.
    #[must_use]
    pub fn new(inner: I) -> Self {
        let duration = |result: &'static str, cause: &'static str| histogram!("token_introspection_duration_seconds", "result" => result, "cause" => cause);
        let asked =
            |outage: &Outage| !matches!(outage, Outage::TooManyInFlight | Outage::CircuitOpen);
        let outages = Outage::ALL.into_iter().filter(asked).map(Outage::as_str);
        let misconfigurations = Misconfiguration::ALL.into_iter().map(Misconfiguration::as_str);
        let words = outages.chain(misconfigurations).chain(["client_refused", "malformed_answer"]);
        Self {
            inner,
            active: duration("active", "none"),
            inactive: duration("inactive", "none"),
            faults: words.map(|word| (word, duration("fault", word))).collect(),
            in_flight: gauge!("token_introspection_in_flight"),
            client_refused: gauge!("client_credentials_refused"),
        }
    }

    fn record(&self, answer: &Result<Introspection, IntrospectionError>, began: Instant) {
        let seconds = began.elapsed().as_secs_f64();
        match answer {
            Ok(verdict) => {
                self.client_refused.set(0);
                match verdict {
                    Introspection::Active(_) => self.active.record(seconds),
                    Introspection::Inactive => self.inactive.record(seconds),
                }
            }
            Err(fault) => {
                if matches!(fault, IntrospectionError::ClientRefused { .. }) {
                    self.client_refused.set(1);
                }
                let of_kind = self.faults.iter().find(|(word, _)| *word == fault.reason());
                if let Some((_, duration)) = of_kind {
                    duration.record(seconds);
                }
            }
        }
    }
}

/// One question under way, until it is answered or given up.
struct UnderWay<'a>(&'a Gauge);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

#[async_trait]
impl<I: TokenIntrospector> TokenIntrospector for Observed<I> {
    async fn introspect(
        &self,
        token: &AccessToken<'_>,
    ) -> Result<Introspection, IntrospectionError> {
        let began = Instant::now();
        self.in_flight.increment(1);
        let under_way = UnderWay(&self.in_flight);
        let answer = self.inner.introspect(token).await;
        drop(under_way);
        self.record(&answer, began);
        answer
    }
}

impl<I> fmt::Debug for Observed<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observed").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
