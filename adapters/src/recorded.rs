//! Test helper that records metrics, so that a test can read them.

use metrics::with_local_recorder;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

/// Metrics recorder private to one test, so that parallel tests do not mix.
pub(crate) struct Recorded(PrometheusRecorder);

impl Recorded {
    pub(crate) fn new() -> Self {
        Self(PrometheusBuilder::new().build_recorder())
    }

    pub(crate) fn scope<T>(&self, build: impl FnOnce() -> T) -> T {
        with_local_recorder(&self.0, build)
    }

    /// Returns the value of a metric; `None` if the metric is not registered. `name` includes
    /// labels, as in `polls_total{result="ok"}`.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let rendered = self.0.handle().render();
        let value = rendered.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map(str::to_owned)
    }
}
