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
    /// The authorization server calls the token inactive, and a witness does not vouch for that: it
    /// says so of good tokens too while its database fails.
    #[error("the authorization server calls the token inactive, and that is not believed alone")]
    Unwitnessed {
        /// Reason for the doubt.
        source: Cause,
    },
    /// The answer is none that RFC 7662 allows: a bug, or somebody in between.
    #[error("the authorization server's answer cannot be understood")]
    Malformed {
        /// What was seen.
        source: Cause,
    },
}

/// Writes each way down once: its name, its meaning and its word.
macro_rules! words {
    (
        $(#[$doc:meta])*
        $name:ident {
            $($(#[$variant_doc:meta])* $variant:ident = $word:literal;)*
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every one of them, in the order of their declaration: `ALL[x as usize] == x`.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// Returns the one word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

words! {
    /// In which way the authorization server was not available.
    Outage {
        /// No connection: refused, no such name, no trust in its certificate.
        Unreachable = "unreachable";
        /// No complete answer in the time allowed.
        TimedOut = "timed_out";
        /// The connection broke before the answer was complete.
        Interrupted = "interrupted";
        /// It said that it failed.
        ServerError = "server_error";
        /// It said that it was asked too often.
        RateLimited = "rate_limited";
        /// It answered something that is neither a verdict nor one of the faults above.
        UnexpectedStatus = "unexpected_status";
        /// It was not asked: as many questions are under way as are allowed.
        TooManyInFlight = "too_many_in_flight";
        /// It was not asked: as many requests were sent within this second as are allowed.
        OverBudget = "over_budget";
        /// It was not asked: it was down a moment ago.
        CircuitOpen = "circuit_open";
    }
}

words! {
    /// In which way the authorization server was not as configured.
    Misconfiguration {
        /// Its metadata names another issuer.
        IssuerMismatch = "issuer_mismatch";
        /// Its metadata names an introspection endpoint that is not its own.
        ForeignEndpoint = "foreign_endpoint";
        /// It sends the request, token included, elsewhere.
        Redirected = "redirected";
    }
}

impl IntrospectionError {
    /// Returns the one word for this fault, the same in logs, metrics and documentation.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unavailable { reason, .. } => reason.as_str(),
            Self::ClientRefused { .. } => Self::CLIENT_REFUSED,
            Self::Misconfigured { reason, .. } => reason.as_str(),
            Self::Unwitnessed { .. } => Self::UNWITNESSED,
            Self::Malformed { .. } => Self::MALFORMED,
        }
    }

    /// The word for [`ClientRefused`](Self::ClientRefused).
    pub const CLIENT_REFUSED: &str = "client_refused";
    /// The word for [`Unwitnessed`](Self::Unwitnessed).
    pub const UNWITNESSED: &str = "inactive_without_witness";
    /// The word for [`Malformed`](Self::Malformed).
    pub const MALFORMED: &str = "malformed_answer";
}
