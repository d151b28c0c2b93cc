//! The section `[log]`: format, level, and the log event for each request.

use std::str::FromStr;

use tracing::level_filters::LevelFilter;

use super::{
    error::{ConfigError, InvalidValue},
    layers::Layers,
};

/// Settings of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// Format of each log line.
    pub format: LogFormat,
    /// Least severe level that is logged; `RUST_LOG` overrides it.
    pub level: LevelFilter,
    /// True if one log event is written for each request.
    pub requests: bool,
    /// True if the log event of a request names the subject (`sub`) of a permitted caller.
    pub subject: bool,
    /// True if the log event of a request names the client's address.
    pub client_address: bool,
}

impl Log {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let level: String = layers.required("log.level")?;
        let level = match level.as_str() {
            "error" => LevelFilter::ERROR,
            "warn" => LevelFilter::WARN,
            "info" => LevelFilter::INFO,
            "debug" => LevelFilter::DEBUG,
            "trace" => LevelFilter::TRACE,
            _ => return Err(layers.error("log.level", "it is no level")),
        };
        let requests: bool = layers.required("log.requests")?;
        let subject: bool = layers.required("log.subject")?;
        let client_address: bool = layers.required("log.client_address")?;
        for (name, wanted) in [("log.subject", subject), ("log.client_address", client_address)] {
            if wanted && !requests {
                return Err(layers.error(name, "without log.requests there is no such event"));
            }
        }
        let format = layers.required("log.format")?;
        Ok(Self { format, level, requests, subject, client_address })
    }
}

/// Format of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Text for people.
    Text,
    /// JSON for machines: one object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(InvalidValue("it is neither of the two")),
        }
    }
}
