//! Metrics that a test reads.

use metrics::with_local_recorder;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

/// Recorder of a single test.
pub(crate) struct Recorded(PrometheusRecorder);

impl Recorded {
    pub(crate) fn new() -> Self {
        Self(PrometheusBuilder::new().build_recorder())
    }

    /// Runs `build`, whose metrics are registered here.
    pub(crate) fn scope<T>(&self, build: impl FnOnce() -> T) -> T {
        with_local_recorder(&self.0, build)
    }

    /// Returns the value of a metric, named as Prometheus writes it; `None` if there is none.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let rendered = self.0.handle().render();
        let value = rendered.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map(str::to_owned)
    }
}
