//! Metrics that a test looks at.

use metrics::with_local_recorder;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

/// A recorder of a test's own.
pub(crate) struct Recorded(PrometheusRecorder);

impl Recorded {
    pub(crate) fn new() -> Self {
        Self(PrometheusBuilder::new().build_recorder())
    }

    /// What `build` registers, is registered here.
    pub(crate) fn scope<T>(&self, build: impl FnOnce() -> T) -> T {
        with_local_recorder(&self.0, build)
    }

    /// The value of a metric, named as Prometheus writes it; `None` where there is none.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        let rendered = self.0.handle().render();
        let value = rendered.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        value.map(str::to_owned)
    }
}
