//! Recorded requests, counts and violations.

use std::time::Duration;

use serde_json::Value;

use super::ZitadelDouble;
use crate::traffic::{Counts, RecordedRequest};
use crate::violation::Violation;

/// Timeout of a wait, for a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// # Observation
impl ZitadelDouble {
    /// Requests since the start or last reset, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.traffic.requests()
    }

    /// Number of introspections, with any response.
    #[must_use]
    pub fn introspections(&self) -> usize {
        self.counts().introspections
    }

    /// Number of discovery requests.
    #[must_use]
    pub fn discoveries(&self) -> usize {
        self.counts().discoveries
    }

    /// Number of accepted TCP connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.counts().connections
    }

    /// All counts at one moment.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.traffic.counts()
    }

    /// Clears requests and counts.
    pub fn reset_counts(&self) {
        self.shared.traffic.reset();
    }

    /// Number of event searches, with any response.
    #[must_use]
    pub fn event_calls(&self) -> usize {
        self.counts().event_calls
    }

    /// Number of event type searches.
    #[must_use]
    pub fn event_type_calls(&self) -> usize {
        self.counts().event_type_calls
    }

    /// Bodies of event searches since the start or last reset, oldest first; `null` if not JSON.
    #[must_use]
    pub fn event_requests(&self) -> Vec<Value> {
        self.shared.traffic.event_requests()
    }

    /// Waits for at least `count` event searches.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_event_calls(&self, count: usize) {
        let what = format!("{count} searches for events");
        self.wait_for(&what, move |counts| counts.event_calls >= count).await;
    }

    /// Waits for at least `count` introspections.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_introspections(&self, count: usize) {
        let what = format!("{count} introspections");
        self.wait_for(&what, move |counts| counts.introspections >= count).await;
    }

    /// Waits for at least `count` discovery requests.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_discoveries(&self, count: usize) {
        let what = format!("{count} requests for the discovery document");
        self.wait_for(&what, move |counts| counts.discoveries >= count).await;
    }

    /// Waits for at least `count` accepted connections.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_connections(&self, count: usize) {
        let what = format!("{count} connections");
        self.wait_for(&what, move |counts| counts.connections >= count).await;
    }

    /// Violations that no test has taken.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.violations.list()
    }

    /// Takes the violations, for tests that break a rule on purpose.
    #[must_use]
    pub fn take_violations(&self) -> Vec<Violation> {
        self.shared.violations.take()
    }

    /// Waits by the double's clock, because the caller's may be paused.
    pub(super) async fn wait_for(
        &self,
        what: &str,
        reached: impl Fn(&Counts) -> bool + Send + 'static,
    ) {
        let mut counts = self.shared.traffic.subscribe();
        let waiting = async move {
            let arrived = counts.wait_for(reached);
            tokio::time::timeout(PATIENCE, arrived).await.is_ok_and(|counts| counts.is_ok())
        };
        let arrived = self.thread.runtime().spawn(waiting).await.unwrap_or_default();
        assert!(arrived, "{what} did not arrive; what did: {:?}", self.counts());
    }
}
