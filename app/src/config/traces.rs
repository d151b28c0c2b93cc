//! Traces, by the standard variables of OpenTelemetry, which are read from the environment alone.
//!
//! Here is what decides whether traces are sent, where to, and by whom. Everything else
//! (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_TRACES_SAMPLER`, `OTEL_BSP_…`, …) the SDK reads by itself.

use std::{collections::BTreeMap, time::Duration};

use axum::http::Uri;
use url::Url;

use super::error::ConfigError;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
/// The first that is set counts.
const PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
/// The first that is set counts here too.
const TIMEOUTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"];
/// That of OpenTelemetry.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);
const EXPORTER: &str = "OTEL_TRACES_EXPORTER";
const DISABLED: &str = "OTEL_SDK_DISABLED";
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";

/// Where traces are sent, and under which name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traces {
    /// Where spans are posted to (OTLP over HTTP).
    pub endpoint: Url,
    /// The variable that names it.
    pub variable: &'static str,
    /// How long an export may take.
    pub timeout: Duration,
    /// What this service is called in traces, where `OTEL_SERVICE_NAME` says so.
    pub service_name: Option<String>,
}

impl Traces {
    pub(super) fn read(
        environment: &BTreeMap<String, String>,
    ) -> Result<Option<Self>, ConfigError> {
        // An empty variable is as one that is not there.
        let get = |name| environment.get(name).map(|text| text.trim()).filter(|t| !t.is_empty());
        let is_off = get(DISABLED).is_some_and(|text| text.eq_ignore_ascii_case("true"))
            || get(EXPORTER) == Some("none");
        if is_off {
            return Ok(None);
        }
        let (variable, endpoint) = match (get(TRACES_ENDPOINT), get(ENDPOINT)) {
            (Some(text), _) => (TRACES_ENDPOINT, endpoint(TRACES_ENDPOINT, text)?),
            (None, Some(text)) => (ENDPOINT, of_traces(endpoint(ENDPOINT, text)?)),
            (None, None) => return Ok(None),
        };
        if get(EXPORTER).is_some_and(|text| text != "otlp") {
            return Err(ConfigError::file(EXPORTER, "expects otlp or none"));
        }
        let protocol = PROTOCOLS.into_iter().find_map(|name| Some((name, get(name)?)));
        if let Some((name, _)) = protocol.filter(|(_, text)| *text != "http/protobuf") {
            return Err(ConfigError::file(
                name,
                "this protocol is not spoken here; expects http/protobuf, to which collectors \
                 listen on port 4318",
            ));
        }
        let [of_traces, of_all] = TIMEOUTS.map(|name| {
            let text = get(name)?;
            Some(milliseconds(text).ok_or_else(|| ConfigError::file(name, NO_MILLISECONDS)))
        });
        let timeout = of_traces.transpose()?.or(of_all.transpose()?).unwrap_or(DEFAULT_TIMEOUT);
        let service_name = get(SERVICE_NAME).map(str::to_owned);
        Ok(Some(Self { endpoint, variable, timeout, service_name }))
    }

    /// What is configured, and where.
    pub(super) fn origin(&self) -> (&'static str, String) {
        ("traces", format!("{} in the environment", self.variable))
    }
}

fn endpoint(variable: &str, text: &str) -> Result<Url, ConfigError> {
    let url = Url::parse(text).ok().filter(is_sendable).ok_or_else(|| {
        ConfigError::file(
            variable,
            "it is no URL to send traces to; expects one such as http://127.0.0.1:4318",
        )
    })?;
    if url.username().is_empty() && url.password().is_none() {
        return Ok(url);
    }
    Err(ConfigError::file(
        variable,
        "its user name and password would not be sent; expects credentials in \
         OTEL_EXPORTER_OTLP_HEADERS",
    ))
}

/// Of two minds about what a host may be, both must agree.
fn is_sendable(url: &Url) -> bool {
    ["http", "https"].contains(&url.scheme())
        && url.has_host()
        && url.as_str().parse::<Uri>().is_ok()
}

const NO_MILLISECONDS: &str = "expects a whole number of milliseconds, at least 1";

fn milliseconds(text: &str) -> Option<Duration> {
    text.parse().ok().filter(|number| *number > 0).map(Duration::from_millis)
}

/// The general endpoint is a base, below which each kind of data has a path.
fn of_traces(mut base: Url) -> Url {
    if let Ok(mut path) = base.path_segments_mut() {
        path.pop_if_empty().extend(["v1", "traces"]);
    }
    base
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Traces>, ConfigError> {
        let owned = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Traces::read(&owned.collect())
    }

    #[test]
    fn traces_are_off_unless_an_endpoint_is_named_and_nothing_turns_them_off() {
        let endpoint = (ENDPOINT, "http://collector:4318");
        for variables in [
            &[][..],
            &[(ENDPOINT, ""), (TRACES_ENDPOINT, " ")],
            &[endpoint, (DISABLED, "TRUE")],
            &[endpoint, (EXPORTER, "none")],
            &[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), (EXPORTER, "console")],
            &[(ENDPOINT, "what?"), (DISABLED, "true")],
        ] {
            assert_eq!(read(variables), Ok(None), "{variables:?}");
        }
        let more = [
            (DISABLED, "false"),
            (EXPORTER, "otlp"),
            (PROTOCOLS[0], "http/protobuf"),
            (PROTOCOLS[1], "grpc"),
        ];
        assert!(read(&[&[endpoint][..], &more].concat()).unwrap().is_some());
    }

    #[test]
    fn the_general_endpoint_is_a_base_and_that_of_traces_is_taken_as_it_is() {
        for (variables, expected) in [
            (&[(ENDPOINT, "http://c:4318")][..], "http://c:4318/v1/traces"),
            (&[(ENDPOINT, "https://c/otlp/")], "https://c/otlp/v1/traces"),
            (&[(TRACES_ENDPOINT, "http://c:4318/")], "http://c:4318/"),
            (&[(ENDPOINT, "http://b"), (TRACES_ENDPOINT, "http://c/x")], "http://c/x"),
        ] {
            assert_eq!(read(variables).unwrap().unwrap().endpoint.as_str(), expected);
        }
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_by_the_name_of_its_variable() {
        let endpoint = (ENDPOINT, "http://collector:4318");
        for (variables, expected) in [
            (&[(ENDPOINT, "collector:4318")][..], ENDPOINT),
            (&[(ENDPOINT, "/v1/traces")], ENDPOINT),
            (&[endpoint, (TRACES_ENDPOINT, "ftp://secret@c")], TRACES_ENDPOINT),
            (&[(ENDPOINT, "http://secret@c:4318")], ENDPOINT),
            (&[(ENDPOINT, "http://:secret@c:4318")], ENDPOINT),
            (&[(ENDPOINT, "http://user:secret@${HOST}:4318")], ENDPOINT),
            (&[(TRACES_ENDPOINT, "http://${HOST}:4318/secret")], TRACES_ENDPOINT),
            (&[endpoint, (PROTOCOLS[0], "grpc")], PROTOCOLS[0]),
            (&[endpoint, (PROTOCOLS[1], "http/json")], PROTOCOLS[1]),
            (&[endpoint, (EXPORTER, "console")], EXPORTER),
        ] {
            let error = read(variables).unwrap_err().to_string();
            assert!(error.starts_with(&format!("{expected}: ")), "{error}");
            assert!(error.contains("expects ") && !error.contains("secret"), "{error}");
        }
    }
}
