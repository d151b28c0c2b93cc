//! A case that could not be brought about.

use reqwest::StatusCode;

/// Cause for which a case, or the set-up of all, could not be brought about.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A variable of the environment does not name what it should.
    #[error("{0}")]
    Environment(String),
    /// There was no answer.
    #[error("{call}: no answer")]
    NoAnswer {
        /// Method and path.
        call: String,
        /// The cause.
        source: reqwest::Error,
    },
    /// The server refused a call of the set-up.
    #[error("{call}: {status} {message}")]
    Refused {
        /// Method and path.
        call: String,
        /// The status of the answer.
        status: StatusCode,
        /// The server's words.
        message: String,
    },
    /// An answer lacks a member that the set-up needs.
    #[error("{call}: the answer has no {member}")]
    Missing {
        /// Method and path.
        call: String,
        /// The member.
        member: String,
    },
    /// A thing did not become visible in time.
    #[error("{0} is not visible after 10 s")]
    NotVisible(String),
    /// A key file of the server cannot be used.
    #[error("the key file that the server made cannot be used: {0}")]
    Key(&'static str),
    /// An observed case cannot be asked.
    #[error("the observed case cannot be asked: {0}")]
    Case(String),
    /// People cannot be logged in at this server.
    #[error("no login by sessions v2: {0}")]
    NoLogin(String),
    /// The case needs the double's library.
    #[error("only the double can bring this about")]
    DoubleOnly,
}

impl Error {
    /// Returns the text of the error and of all its causes.
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
