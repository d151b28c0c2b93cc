//! What is wrong with the configuration, in one line that never shows a value.

use std::fmt;

use thiserror::Error;

use super::origin::Origin;

/// A configuration that cannot be started with: which setting, what is wrong with it, and what
/// would be right.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    pub(super) fn at(name: &str, origin: Option<&Origin>, problem: impl fmt::Display) -> Self {
        let origin = origin.map_or_else(String::new, |origin| format!(" ({origin})"));
        Self::one_line(&format!("{name}{origin}: {problem}"))
    }

    /// `meant` is the setting that it looks like.
    pub(super) fn unknown(origin: &Origin, meant: Option<&str>) -> Self {
        let hint = meant.map_or_else(String::new, |name| format!("; did you mean {name}?"));
        Self::one_line(&format!(
            "{origin} is no setting; docs/configuration.md has the names of all{hint}"
        ))
    }

    /// `name` is a file or a variable that is no setting.
    pub(super) fn of(name: &str, problem: impl fmt::Display) -> Self {
        Self::one_line(&format!("{name}: {problem}"))
    }

    fn one_line(text: &str) -> Self {
        Self(text.replace(['\n', '\r'], " "))
    }
}

/// A text that a setting cannot have. It does not repeat the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidValue(pub(super) &'static str);
