//! Reasons why the API does not start.

use std::{io, net::SocketAddr};

use adapters::zitadel::HttpClientError;
use thiserror::Error;

/// Reason why the API does not start, in one line.
#[derive(Debug, Error)]
pub enum StartError {
    /// Listen address that the operating system refuses.
    #[error(
        "{setting}: cannot listen on {address}: {source}; choose another port, as with \
         {variable}=127.0.0.1:5001 (port 5000 is AirPlay's on a Mac)"
    )]
    Listen {
        /// Setting with the listen address, such as `server.listen`.
        setting: &'static str,
        /// Environment variable for the setting with the listen address.
        variable: String,
        /// Listen address that was refused.
        address: SocketAddr,
        /// Error of the operating system.
        source: io::Error,
    },
    /// Guarded service (such as an MCP server) that is open to any active token, although
    /// `resource.url` is set: even the token of a service user of another organization is active.
    #[error(
        "resource.url: any active token opens {path}, and the token of a service user of any \
         organization is active here: ask for a role in its rule, or set auth.organizations"
    )]
    OpenToStrangers {
        /// Path of the guarded service that is open to any active token.
        path: &'static str,
    },
    /// Settings from which the HTTP client for ZITADEL cannot be built.
    #[error("{}: {source}", setting(source))]
    HttpClient {
        /// Error of the HTTP client.
        #[from]
        source: HttpClientError,
    },
}

const fn setting(error: &HttpClientError) -> &'static str {
    match error {
        HttpClientError::ConnectTo(_) => "zitadel.connect_to",
        HttpClientError::RootCertificates => "zitadel.ca_file",
        HttpClientError::Client(_) => "zitadel.domain",
    }
}
