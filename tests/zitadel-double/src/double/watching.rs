//! Seeing what reached the double.

use std::time::Duration;

use serde_json::Value;

use super::ZitadelDouble;
use crate::traffic::{Counts, RecordedRequest};
use crate::violation::Violation;

/// Longer than anything that a test may have to wait for on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// # Observation
impl ZitadelDouble {
    /// Every request since the start or the last reset, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.traffic.requests()
    }

    /// How many introspections arrived, whatever they were answered.
    #[must_use]
    pub fn introspections(&self) -> usize {
        self.counts().introspections
    }

    /// How often the discovery document was asked for.
    #[must_use]
    pub fn discoveries(&self) -> usize {
        self.counts().discoveries
    }

    /// How many TCP connections were accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.counts().connections
    }

    /// All counts of one moment.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.traffic.counts()
    }

    /// Forgets requests and counts.
    pub fn reset_counts(&self) {
        self.shared.traffic.reset();
    }

    /// Number of searches for events that arrived, whatever they were answered.
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
    /// stands for one that is no JSON.
    #[must_use]
    pub fn event_requests(&self) -> Vec<Value> {
        self.shared.traffic.event_requests()
    }

    /// Comes back as soon as at least `count` searches for events have arrived.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_event_calls(&self, count: usize) {
        let what = format!("{count} searches for events");
        self.wait_for(&what, move |counts| counts.event_calls >= count).await;
    }

    /// Comes back as soon as at least `count` introspections have arrived.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_introspections(&self, count: usize) {
        let what = format!("{count} introspections");
        self.wait_for(&what, move |counts| counts.introspections >= count).await;
    }

    /// Comes back as soon as the discovery document was asked for at least `count` times.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_discoveries(&self, count: usize) {
        let what = format!("{count} requests for the discovery document");
        self.wait_for(&what, move |counts| counts.discoveries >= count).await;
    }

    /// Comes back as soon as at least `count` connections were accepted.
    ///
    /// # Panics
    /// After 20 seconds.
    pub async fn wait_for_connections(&self, count: usize) {
        let what = format!("{count} connections");
        self.wait_for(&what, move |counts| counts.connections >= count).await;
    }

    /// The violations that nobody took yet.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.shared.violations.list()
    }

    /// Takes the violations: a test that breaks a rule on purpose says which one with
    /// this.
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
