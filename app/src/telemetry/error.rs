//! Error of setting up the log and traces.

use thiserror::Error;

/// Reason why the log and traces could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The HTTP client cannot be created, for example because TLS cannot be set up.
    #[error("{variable}: no HTTP client can be made that sends traces: {source}")]
    Client {
        /// Environment variable with the collector's URL.
        variable: &'static str,
        /// Error of the HTTP client.
        source: reqwest::Error,
    },
    /// The exporter does not accept the collector's URL.
    #[error("{variable}: traces cannot be sent there")]
    Endpoint {
        /// Environment variable with the collector's URL.
        variable: &'static str,
    },
}
