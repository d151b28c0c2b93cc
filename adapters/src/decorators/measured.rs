//! Metrics of introspections: durations by result, and the number under way.

use std::fmt;

use async_trait::async_trait;
use domain::{
    AccessToken, Introspection, IntrospectionError, Misconfiguration, Outage, TokenIntrospector,
};
use metrics::{Gauge, Histogram, gauge, histogram};
use tokio::time::Instant;

/// Decorator that times introspections, and counts those under way. It is the innermost decorator:
/// calls that are answered from the cache, share another caller's introspection, or are stopped by
/// a limit or the circuit breaker do not reach it.
pub struct Measured<I> {
    inner: I,
    active: Histogram,
    inactive: Histogram,
    outages: [Histogram; Outage::ALL.len()],
    misconfigurations: [Histogram; Misconfiguration::ALL.len()],
    refused: Histogram,
    malformed: Histogram,
    in_flight: Gauge,
    client_refused: Gauge,
}

impl<I> Measured<I> {
    /// Creates a decorator that times introspections by `inner`. Registers its metrics at the
    /// current recorder.
    #[must_use]
    pub fn new(inner: I) -> Self {
        let duration = |result: &'static str, cause: &'static str| {
            histogram!(
                "token_introspection_duration_seconds",
                "result" => result,
                "cause" => cause,
            )
        };
        let outage = |outage: Outage| match outage {
            // No request is sent then, so the series would stay at zero.
            Outage::TooManyInFlight | Outage::OverBudget | Outage::CircuitOpen => Histogram::noop(),
            asked => duration("fault", asked.as_str()),
        };
        Self {
            inner,
            active: duration("active", "none"),
            inactive: duration("inactive", "none"),
            outages: Outage::ALL.map(outage),
            misconfigurations: Misconfiguration::ALL
                .map(|reason| duration("fault", reason.as_str())),
            refused: duration("fault", IntrospectionError::CLIENT_REFUSED),
            malformed: duration("fault", IntrospectionError::MALFORMED),
            in_flight: gauge!("token_introspection_in_flight"),
            client_refused: gauge!("client_credentials_refused"),
        }
    }

    /// Returns the histogram of durations for a result; `None` if the result cannot occur here. A
    /// new error variant does not compile until it is listed here.
    fn duration_of(
        &self,
        answer: &Result<Introspection, IntrospectionError>,
    ) -> Option<&Histogram> {
        match answer {
            Ok(Introspection::Active(_)) => Some(&self.active),
            Ok(Introspection::Inactive) => Some(&self.inactive),
            Err(IntrospectionError::Unavailable { reason, .. }) => {
                self.outages.get(*reason as usize)
            }
            Err(IntrospectionError::Misconfigured { reason, .. }) => {
                self.misconfigurations.get(*reason as usize)
            }
            Err(IntrospectionError::ClientRefused { .. }) => Some(&self.refused),
            Err(IntrospectionError::Malformed { .. }) => Some(&self.malformed),
            // An outer decorator returns this. Here the result was recorded as inactive.
            Err(IntrospectionError::Unwitnessed { .. }) => None,
        }
    }

    fn record(&self, answer: &Result<Introspection, IntrospectionError>, began: Instant) {
        if let Some(duration) = self.duration_of(answer) {
            duration.record(began.elapsed().as_secs_f64());
        }
        match answer {
            Ok(_) => self.client_refused.set(0),
            Err(IntrospectionError::ClientRefused { .. }) => self.client_refused.set(1),
            Err(_) => {}
        }
    }
}

struct UnderWay<'a>(&'a Gauge);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

#[async_trait]
impl<I: TokenIntrospector> TokenIntrospector for Measured<I> {
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

impl<I> fmt::Debug for Measured<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Measured").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
