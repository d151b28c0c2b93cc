//! Errors of cases that could not be set up.

use reqwest::StatusCode;

/// Failure of a case or of the shared setup.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An environment variable has an unusable value.
    #[error("{0}")]
    Environment(String),
    /// No response arrived.
    #[error("{call}: no answer")]
    NoAnswer {
        /// Method and path.
        call: String,
        /// Cause.
        source: reqwest::Error,
    },
    /// The server refused a setup call.
    #[error("{call}: {status} {message}")]
    Refused {
        /// Method and path.
        call: String,
        /// Status of the response.
        status: StatusCode,
        /// Text of the server.
        message: String,
    },
    /// A response lacks a required member.
    #[error("{call}: the answer has no {member}")]
    Missing {
        /// Method and path.
        call: String,
        /// Name of the member.
        member: String,
    },
    /// A thing did not become visible in time.
    #[error("{0} is not visible after 10 s")]
    NotVisible(String),
    /// A key file is unusable.
    #[error("the key file that the server made cannot be used: {0}")]
    Key(&'static str),
    /// An observed case cannot be repeated.
    #[error("the observed case cannot be asked: {0}")]
    Case(String),
    /// People cannot be logged in at this server.
    #[error("no login by sessions v2: {0}")]
    NoLogin(String),
    /// Only the double's library can cause the case.
    #[error("only the double can bring this about")]
    DoubleOnly,
}

impl Error {
    /// Returns the texts of the error and its causes.
    #[must_use]
    pub fn with_causes(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}
