//! Errors of the configuration. Each is one line, which shows no value.

use std::fmt;

use thiserror::Error;

use super::origin::Origin;

/// Reason why a configuration cannot be used. Names the setting, the problem, and valid values.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(super) fn at(name: &str, origin: Option<&Origin>, problem: impl fmt::Display) -> Self {
        let origin = origin.map_or_else(String::new, |origin| format!(" ({origin})"));
        Self::one_line(&format!("{name}{origin}: {problem}"))
    }

    /// Creates the error for a name that is no setting; `meant` is the setting that the name looks
    /// like.
    pub(super) fn unknown(origin: &Origin, meant: Option<&str>) -> Self {
        let hint = meant.map_or_else(String::new, |name| format!("; did you mean {name}?"));
        Self::one_line(&format!(
            "{origin} is no setting; docs/configuration.md has the names of all{hint}"
        ))
    }

    /// Creates the error for `name`, which is a file or a variable rather than a setting.
    pub(super) fn of(name: &str, problem: impl fmt::Display) -> Self {
        Self::one_line(&format!("{name}: {problem}"))
    }

    fn one_line(text: &str) -> Self {
        Self(text.replace(['\n', '\r'], " "))
    }
}

/// Error for an invalid value; does not repeat the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidValue(pub(super) &'static str);
