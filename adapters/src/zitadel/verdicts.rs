//! Counts consecutive introspections without a verdict, for a health check.

use std::sync::{Arc, Mutex, PoisonError};

use domain::{Introspection, IntrospectionError, Outage};
use tokio::time::Instant;

/// Minimum number of consecutive introspections without a verdict that is reported.
const THRESHOLD: u32 = 5;

/// Counts consecutive introspections without a verdict. Includes failures that do not open the
/// circuit breaker: a missing endpoint, a redirect or a login page.
#[derive(Clone, Debug, Default)]
pub struct Verdicts(Arc<Mutex<Option<Missing>>>);

/// Consecutive introspections without a verdict.
#[derive(Clone, Copy, Debug)]
pub struct Missing {
    /// Moment at which the first of the consecutive introspections without a verdict ended.
    pub since: Instant,
    /// Reason of the last failure, as a word such as `timed_out`.
    pub reason: &'static str,
    in_a_row: u32,
}

impl Verdicts {
    /// Returns the consecutive introspections without a verdict; `None` if there are fewer than
    /// five.
    #[must_use]
    pub fn missing(&self) -> Option<Missing> {
        let missing = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        missing.filter(|missing| missing.in_a_row >= THRESHOLD)
    }

    pub(super) fn note(&self, answer: &Result<Introspection, IntrospectionError>) {
        let reason = match answer {
            Ok(_) => None,
            // No request was sent.
            Err(IntrospectionError::Unavailable { reason: Outage::OverBudget, .. }) => return,
            Err(fault) => Some(fault.reason()),
        };
        let mut missing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *missing = reason.map(|reason| {
            let (since, before) =
                missing.map_or((Instant::now(), 0), |missing| (missing.since, missing.in_a_row));
            Missing { since, reason, in_a_row: before.saturating_add(1) }
        });
    }
}

#[cfg(test)]
mod tests {
    use domain::Misconfiguration;

    use super::*;
    use crate::zitadel::fault::FaultSource;

    #[test]
    fn five_questions_in_a_row_without_a_verdict_are_told_and_one_verdict_ends_it() {
        let verdicts = Verdicts::default();
        for fault in [
            FaultSource::Timeout.unavailable(Outage::UnexpectedStatus),
            FaultSource::Timeout.unavailable(Outage::TimedOut),
            FaultSource::Timeout.misconfigured(Misconfiguration::Redirected),
            FaultSource::WebPage.malformed(),
        ] {
            verdicts.note(&Ok(Introspection::Inactive));
            for _ in 0..4 {
                verdicts.note(&Err(fault.clone()));
                verdicts.note(&Err(FaultSource::Timeout.unavailable(Outage::OverBudget)));
                assert!(verdicts.missing().is_none());
            }
            verdicts.note(&Err(fault.clone()));
            assert_eq!(verdicts.missing().unwrap().reason, fault.reason());
        }
        verdicts.note(&Ok(Introspection::Inactive));
        assert!(verdicts.missing().is_none());
    }
}
