//! Requests, counts and violations that the double recorded.

use std::time::Duration;

use serde_json::Value;

use super::ZitadelDouble;
use crate::traffic::{Counts, RecordedRequest};
use crate::violation::Violation;

/// Longer than any wait of a test, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// # Observation
impl ZitadelDouble {
    /// Every request since the start or the last reset, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.traffic.requests()
    }

    /// Number of introspections that arrived, whatever the response.
    #[must_use]
    pub fn introspections(&self) -> usize {
        self.counts().introspections
    }

    /// Number of requests for the discovery document.
    #[must_use]
    pub fn discoveries(&self) -> usize {
        self.counts().discoveries
    }

    /// Number of accepted TCP connections.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.counts().connections
    }

    /// All counts, taken at one moment.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.traffic.counts()
    }

    /// Clears requests and counts.
    pub fn reset_counts(&self) {
        self.shared.traffic.reset();
    }

    /// Number of searches for events that arrived, whatever the response.
    #[must_use]
    pub fn event_calls(&self) -> usize {
        self.counts().event_calls
    }

    /// Number of searches for names of event types that arrived.
    #[must_use]
    pub fn event_type_calls(&self) -> usize {
        self.counts().event_type_calls
    }

    /// Bodies of the searches for events since the start or the last reset, oldest first; `null`
    /// stands for a body that is not JSON.
    #[must_use]
    pub fn event_requests(&self) -> Vec<Value> {
        self.shared.traffic.event_requests()
    }

    /// Waits until at least `count` searches for events have arrived.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_event_calls(&self, count: usize) {
        let what = format!("{count} searches for events");
        self.wait_for(&what, move |counts| counts.event_calls >= count).await;
    }

    /// Waits until at least `count` introspections have arrived.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_introspections(&self, count: usize) {
        let what = format!("{count} introspections");
        self.wait_for(&what, move |counts| counts.introspections >= count).await;
    }

    /// Waits until the discovery document was requested at least `count` times.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_discoveries(&self, count: usize) {
        let what = format!("{count} requests for the discovery document");
        self.wait_for(&what, move |counts| counts.discoveries >= count).await;
    }

    /// Waits until at least `count` connections were accepted.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_connections(&self, count: usize) {
        let what = format!("{count} connections");
        self.wait_for(&what, move |counts| counts.connections >= count).await;
    }

    /// Violations that no test has taken yet.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.violations.list()
    }

    /// Takes the violations; a test that breaks a rule on purpose asserts them by this.
    #[must_use]
    pub fn take_violations(&self) -> Vec<Violation> {
        self.shared.violations.take()
    }

    /// Waits on the double's own clock: the caller's may be paused.
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
