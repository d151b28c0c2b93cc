//! Why no verdict was obtained, told apart by who must act.

use std::{error::Error, sync::Arc};

use thiserror::Error;

/// What went wrong underneath. It never holds a token or a secret.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// No verdict was obtained: nobody may be let in, and nobody may be told that their token is bad.
///
/// It is cheap to clone, since many callers may wait for one answer.
#[derive(Clone, Debug, Error)]
pub enum IntrospectionError {
    /// The authorization server could not answer. It may answer later; if it does not, the cause
    /// says where to look.
    #[error("the authorization server is not available ({})", reason.as_str())]
    Unavailable {
        /// In which way.
        reason: Outage,
        /// What was seen.
        source: Cause,
    },
    /// The authorization server refuses this API's own credentials. The operator must act.
    #[error("the authorization server refuses this API's own client credentials")]
    ClientRefused {
        /// What was seen.
        source: Cause,
    },
    /// The authorization server is not where, or not who, it is configured to be. The operator
    /// must act.
    #[error("the authorization server is not as configured ({})", reason.as_str())]
    Misconfigured {
        /// In which way.
        reason: Misconfiguration,
        /// What was seen.
        source: Cause,
    },
    /// The answer is none that RFC 7662 allows: a bug, or somebody in between.
    #[error("the authorization server's answer cannot be understood")]
    Malformed {
        /// What was seen.
        source: Cause,
    },
}

/// In which way the authorization server was not available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// No connection: refused, no such name, no trust in its certificate.
    Unreachable,
    /// No complete answer in the time allowed.
    TimedOut,
    /// The connection broke before the answer was complete.
    Interrupted,
    /// It said that it failed.
    ServerError,
    /// It said that it was asked too often.
    RateLimited,
    /// It answered something that is neither a verdict nor one of the faults above.
    UnexpectedStatus,
    /// It was not asked: as many questions are under way as are allowed.
    TooManyInFlight,
    /// It was not asked: it was down a moment ago.
    CircuitOpen,
}

/// In which way the authorization server was not as configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misconfiguration {
    /// Its metadata names another issuer.
    IssuerMismatch,
    /// Its metadata names an introspection endpoint that is not its own.
    ForeignEndpoint,
    /// It sends the request, token included, elsewhere.
    Redirected,
}

impl IntrospectionError {
    /// The one word for this fault, the same in logs, metrics and documentation.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unavailable { reason, .. } => reason.as_str(),
            Self::ClientRefused { .. } => "client_refused",
            Self::Misconfigured { reason, .. } => reason.as_str(),
            Self::Malformed { .. } => "malformed_answer",
        }
    }
}

impl Outage {
    /// Every one of them.
    pub const ALL: [Self; 8] = [
        Self::Unreachable,
        Self::TimedOut,
        Self::Interrupted,
        Self::ServerError,
        Self::RateLimited,
        Self::UnexpectedStatus,
        Self::TooManyInFlight,
        Self::CircuitOpen,
    ];

    /// The one word for this outage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::TimedOut => "timed_out",
            Self::Interrupted => "interrupted",
            Self::ServerError => "server_error",
            Self::RateLimited => "rate_limited",
            Self::UnexpectedStatus => "unexpected_status",
            Self::TooManyInFlight => "too_many_in_flight",
            Self::CircuitOpen => "circuit_open",
        }
    }
}

impl Misconfiguration {
    /// Every one of them.
    pub const ALL: [Self; 3] = [Self::IssuerMismatch, Self::ForeignEndpoint, Self::Redirected];

    /// The one word for this misconfiguration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IssuerMismatch => "issuer_mismatch",
            Self::ForeignEndpoint => "foreign_endpoint",
            Self::Redirected => "redirected",
        }
    }
}
