//! Error of the set-up of telemetry.

use thiserror::Error;

/// Reason why telemetry could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The TLS set-up failed.
    #[error("{variable}: no HTTP client can be made that sends traces: {source}")]
    Client {
        /// Variable that names the collector.
        variable: &'static str,
        /// Error of the HTTP client.
        source: reqwest::Error,
    },
    /// The exporter does not accept the endpoint.
    #[error("{variable}: traces cannot be sent there")]
    Endpoint {
        /// Variable that names the collector.
        variable: &'static str,
    },
}
