//! Log events of refused deliveries: the first of each reason, then at most one a minute with a
//! count.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use adapters::zitadel::InvalidSignature;
use tokio::time::Instant;
use tracing::warn;

/// Least time between two events of one reason.
const BETWEEN_EVENTS: Duration = Duration::from_secs(60);

/// Refused deliveries, by reason.
#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<InvalidSignature, Told>>);

#[derive(Default)]
struct Told {
    /// Number of deliveries not logged yet.
    untold: u64,
    at: Option<Instant>,
}

impl Refusals {
    /// Records a refused delivery. Only the reason is logged.
    pub(super) fn note(&self, reason: InvalidSignature) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = told.entry(reason).or_default();
        told.untold += 1;
        if told.at.is_none_or(|at| at.elapsed() >= BETWEEN_EVENTS) {
            warn!(
                reason = reason.as_str(),
                deliveries = told.untold,
                "webhook deliveries were refused: {}",
                reason.remedy(),
            );
            *told = Told { untold: 0, at: Some(Instant::now()) };
        }
    }
}
