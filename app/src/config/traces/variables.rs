//! Reads OpenTelemetry's environment variables. Checks also those that only its SDK uses, since the
//! SDK ignores invalid values.

use std::{collections::BTreeMap, time::Duration};

use axum::http::HeaderName;

use crate::config::{error::ConfigError, server::LONGEST};

/// Environment variables by name. A blank variable counts as unset.
#[derive(Clone, Copy)]
pub(super) struct Variables<'a>(pub(super) &'a BTreeMap<String, String>);

impl<'a> Variables<'a> {
    /// Returns the trimmed value of a variable; `None` if it is unset.
    pub(super) fn get(self, name: &str) -> Option<&'a str> {
        self.as_it_is(name).map(str::trim)
    }

    fn as_it_is(self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(String::as_str).filter(|text| !text.trim().is_empty())
    }

    /// Parses the variables `names`, and returns the value of the first that is set; `None` if none
    /// is. Any invalid value is an error.
    pub(super) fn parsed<T, const N: usize>(
        self,
        names: [&str; N],
        parse: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Result<Option<T>, ConfigError> {
        let mut first = None;
        for name in names {
            if let Some(text) = self.get(name) {
                first = first.or(Some(parse(text).ok_or_else(|| refused(name, expected))?));
            }
        }
        Ok(first)
    }

    /// Checks that OpenTelemetry's SDK will accept the variables that it reads itself.
    pub(super) fn check(self) -> Result<(), ConfigError> {
        let wrong = READ_BY_THE_SDK
            .into_iter()
            .find(|(name, is_right, _)| self.as_it_is(name).is_some_and(|text| !is_right(text)));
        wrong.map_or(Ok(()), |(name, _, expected)| Err(refused(name, expected)))
    }
}

fn refused(name: &str, expected: &str) -> ConfigError {
    ConfigError::of(name, format!("expects {expected}"))
}

pub(super) const MILLISECONDS: &str =
    "a whole number of milliseconds, at least 1 and at most 30 days";
const SPANS: &str = "a whole number from 1 to 100000";
const HEADERS: &str = "pairs such as api-key=value, with commas between them";

type Check = fn(&str) -> bool;

const READ_BY_THE_SDK: [(&str, Check, &str); 6] = [
    ("OTEL_BSP_SCHEDULE_DELAY", is_time, MILLISECONDS),
    ("OTEL_BSP_EXPORT_TIMEOUT", is_time, MILLISECONDS),
    ("OTEL_BSP_MAX_QUEUE_SIZE", is_number_of_spans, SPANS),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", is_number_of_spans, SPANS),
    ("OTEL_EXPORTER_OTLP_HEADERS", are_headers, HEADERS),
    ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", are_headers, HEADERS),
];

pub(super) fn milliseconds(text: &str) -> Option<Duration> {
    let time = text.parse().ok().map(Duration::from_millis);
    time.filter(|time| !time.is_zero() && *time <= LONGEST)
}

fn is_time(text: &str) -> bool {
    milliseconds(text).is_some()
}

fn is_number_of_spans(text: &str) -> bool {
    text.parse().is_ok_and(|spans: usize| (1..=100_000).contains(&spans))
}

fn are_headers(text: &str) -> bool {
    text.split_terminator(',').all(|pair| {
        let name = pair.split_once('=').map(|(name, _)| name.trim());
        name.is_some_and(|name| HeaderName::try_from(name).is_ok())
    })
}
