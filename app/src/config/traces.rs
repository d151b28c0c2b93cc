//! Reads the settings for sending traces: OpenTelemetry's standard variables, in the environment
//! only.
//!
//! OpenTelemetry's SDK itself reads further variables, such as `OTEL_EXPORTER_OTLP_HEADERS`.

mod sampling;
mod variables;

use std::{collections::BTreeMap, time::Duration};

use axum::http::Uri;
use url::Url;

use super::error::ConfigError;
pub use sampling::Sampling;
use variables::{MILLISECONDS, Variables, milliseconds};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
/// Environment variables for the protocol to export traces; the first that is set counts.
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
/// Environment variables for the time-out of an export of traces; the first that is set counts.
const TIMEOUTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
/// OpenTelemetry's default time-out of an export of traces.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const EXPORTER: &str = "OTEL_TRACES_EXPORTER";
const DISABLED: &str = "OTEL_SDK_DISABLED";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";

/// Settings of the export of traces.
#[derive(Clone, Debug, PartialEq)]
pub struct Traces {
    /// URL to which spans are sent by POST (OTLP over HTTP).
    pub endpoint: Url,
    /// Environment variable that sets the endpoint.
    pub variable: &'static str,
    /// Selection of the traces that are sent.
    pub sampling: Sampling,
    /// Maximum time of one export.
    pub timeout: Duration,
    /// Name of this service in traces; `None` if `OTEL_SERVICE_NAME` is not set.
    pub service_name: Option<String>,
}

impl Traces {
    pub(super) fn read(
        environment: &BTreeMap<String, String>,
    ) -> Result<Option<Self>, ConfigError> {
        let variables = Variables(environment);
        let get = |name| variables.get(name);
        let is = |expected| move |text: &str| text.eq_ignore_ascii_case(expected);
        if get(DISABLED).is_some_and(is("true")) || get(EXPORTER).is_some_and(is("none")) {
            return Ok(None);
        }
        let (variable, endpoint) = match (get(TRACES_ENDPOINT), get(ENDPOINT)) {
            (Some(text), _) => (TRACES_ENDPOINT, endpoint(TRACES_ENDPOINT, text)?),
            (None, Some(text)) => (ENDPOINT, of_traces(endpoint(ENDPOINT, text)?)),
            (None, None) => return Ok(None),
        };
        if !get(EXPORTER).is_none_or(is("otlp")) {
            return Err(ConfigError::of(EXPORTER, "expects otlp or none"));
        }
        let protocol = PROTOCOLS.into_iter().find_map(|name| Some((name, get(name)?)));
        if let Some((name, _)) = protocol.filter(|(_, text)| !is("http/protobuf")(text)) {
            return Err(ConfigError::of(
                name,
                "this protocol is not spoken here; expects http/protobuf, to which collectors \
                 listen on port 4318",
            ));
        }
        variables.check()?;
        let timeout = variables.parsed(TIMEOUTS, milliseconds, MILLISECONDS)?;
        Ok(Some(Self {
            endpoint,
            variable,
            sampling: Sampling::read(variables)?,
            timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
            service_name: get(SERVICE_NAME).map(str::to_owned),
        }))
    }

    /// Returns the entry for traces in `Config::origins`: the variable that sets the endpoint.
    pub(super) fn origin(&self) -> (&'static str, String) {
        ("traces", format!("{} in the environment", self.variable))
    }
}

fn endpoint(variable: &str, text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).ok().filter(is_sendable).ok_or_else(|| {
        ConfigError::of(
            variable,
            "it is no URL to send traces to; expects one such as http://127.0.0.1:4318",
        )
    })?;
    if url.username().is_empty() && url.password().is_none() {
        return Ok(url);
    }
    Err(ConfigError::of(
        variable,
        "its user name and password would not be sent; expects credentials in \
         OTEL_EXPORTER_OTLP_HEADERS",
    ))
}

/// Returns whether spans can be sent to a URL. The crates `url` and `http` must both accept its
/// host.
fn is_sendable(url: &Url) -> bool {
    ["http", "https"].contains(&url.scheme())
        && url.has_host()
        && url.as_str().parse::<Uri>().is_ok()
}

/// Returns the URL for traces: `/v1/traces` below `base`, the endpoint for all kinds of telemetry.
fn of_traces(mut base: Url) -> Url {
    if let Ok(mut path) = base.path_segments_mut() {
        path.pop_if_empty().extend(["v1", "traces"]);
    }
    base
}

#[cfg(test)]
mod tests;
