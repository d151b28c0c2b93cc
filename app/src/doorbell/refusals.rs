//! Logs refused deliveries to the webhook. The first refused for a reason is logged at once; later
//! ones for the same reason are counted, and logged at most once a minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use adapters::zitadel::InvalidSignature;
use tracing::warn;

use crate::once_a_minute::OnceAMinute;

#[derive(Default)]
pub(super) struct Refusals(Mutex<HashMap<InvalidSignature, OnceAMinute>>);

impl Refusals {
    /// Counts a refused delivery. If a warning is due, logs the reason, but nothing of the
    /// delivery.
    pub(super) fn note(&self, reason: InvalidSignature) {
        let mut warnings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(deliveries) = warnings.entry(reason).or_default().count() {
            warn!(
                reason = reason.as_str(),
                deliveries,
                "webhook deliveries were refused: {}",
                reason.remedy(),
            );
        }
    }
}
