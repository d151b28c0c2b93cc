//! Reasons why no verdict was obtained, told apart by who must act.

use std::{error::Error, sync::Arc};

use thiserror::Error;

/// Underlying fault. It never holds a token or a secret.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Reason why no verdict was obtained: the caller is neither authorized nor told that the token is
/// bad.
///
/// Cheap to clone, since many callers may wait for one answer.
#[derive(Clone, Debug, Error)]
pub enum IntrospectionError {
    /// The authorization server could not answer, but may later. If it does not, the cause says
    /// where to look.
    #[error("the authorization server is not available ({})", reason.as_str())]
    Unavailable {
        /// Kind of outage.
        reason: Outage,
        /// Underlying fault.
        source: Cause,
    },
    /// The authorization server refuses this API's own credentials. The operator must act.
    #[error("the authorization server refuses this API's own client credentials")]
    ClientRefused {
        /// Underlying fault.
        source: Cause,
    },
    /// The authorization server's address or identity differs from the configuration. The operator
    /// must act.
    #[error("the authorization server is not as configured ({})", reason.as_str())]
    Misconfigured {
        /// Kind of difference.
        reason: Misconfiguration,
        /// Underlying fault.
        source: Cause,
    },
    /// The authorization server calls the token inactive, and no witness confirms that its
    /// database works: while it fails, good tokens are called inactive too.
    #[error("the authorization server calls the token inactive, and that is not believed alone")]
    Unwitnessed {
        /// Reason for the doubt.
        source: Cause,
    },
    /// The answer is not valid by RFC 7662: a bug, or another party in between.
    #[error("the authorization server's answer cannot be understood")]
    Malformed {
        /// Underlying fault.
        source: Cause,
    },
}

/// Declares an enum whose variants each have a word for logs and metrics.
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
            /// Every variant, in the order of declaration: `ALL[x as usize] == x`.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// Returns the word for it.
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
    /// Kind of outage of the authorization server.
    Outage {
        /// No connection: refused, unknown host name, or untrusted certificate.
        Unreachable = "unreachable";
        /// No complete answer in the time allowed.
        TimedOut = "timed_out";
        /// The connection broke before the answer was complete.
        Interrupted = "interrupted";
        /// The server reported a failure of its own.
        ServerError = "server_error";
        /// The server reported too many requests.
        RateLimited = "rate_limited";
        /// The answer is neither a verdict nor one of the faults above.
        UnexpectedStatus = "unexpected_status";
        /// Not asked: as many questions are under way as allowed.
        TooManyInFlight = "too_many_in_flight";
        /// Not asked: as many requests were sent within this second as allowed.
        OverBudget = "over_budget";
        /// Not asked: the server was down a moment ago.
        CircuitOpen = "circuit_open";
    }
}

words! {
    /// Difference between the authorization server and its configuration.
    Misconfiguration {
        /// The server's metadata names another issuer.
        IssuerMismatch = "issuer_mismatch";
        /// The server's metadata names an introspection endpoint that is not its own.
        ForeignEndpoint = "foreign_endpoint";
        /// The server redirects the request, token included.
        Redirected = "redirected";
    }
}

impl IntrospectionError {
    /// Returns the word for this fault, the same in logs, metrics and documentation.
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

    /// Word for [`ClientRefused`](Self::ClientRefused).
    pub const CLIENT_REFUSED: &str = "client_refused";
    /// Word for [`Unwitnessed`](Self::Unwitnessed).
    pub const UNWITNESSED: &str = "inactive_without_witness";
    /// Word for [`Malformed`](Self::Malformed).
    pub const MALFORMED: &str = "malformed_answer";
}
