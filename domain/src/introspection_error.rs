//! Reasons why no verdict was obtained, classified by who must act.

use std::{error::Error, sync::Arc};

use thiserror::Error;

/// Underlying error. It never contains a token or a secret.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Reason why no verdict was obtained: the caller is neither authorized nor denied.
///
/// Cheap to clone.
#[derive(Clone, Debug, Error)]
pub enum IntrospectionError {
    /// The authorization server gave no verdict now, but may later.
    #[error("the authorization server is not available ({})", reason.as_str())]
    Unavailable {
        /// Kind of failure, such as no response in time.
        reason: Outage,
        /// Underlying error.
        source: Cause,
    },
    /// The authorization server refuses this API's own credentials. The operator must act.
    #[error("the authorization server refuses this API's own client credentials")]
    ClientRefused {
        /// Underlying error.
        source: Cause,
    },
    /// The authorization server's address or identity differs from the configuration. The operator
    /// must act.
    #[error("the authorization server is not as configured ({})", reason.as_str())]
    Misconfigured {
        /// Kind of difference, such as a wrong issuer.
        reason: Misconfiguration,
        /// Underlying error.
        source: Cause,
    },
    /// The authorization server calls the token inactive, but no witness shows that its database
    /// works. During a database fault, ZITADEL calls valid tokens inactive.
    #[error("the authorization server calls the token inactive, and that is not believed alone")]
    Unwitnessed {
        /// Reason why the inactive verdict is not believed.
        source: Cause,
    },
    /// The response is invalid by RFC 7662: the server has a bug, or a proxy changed the response.
    #[error("the authorization server's answer cannot be understood")]
    Malformed {
        /// Underlying error.
        source: Cause,
    },
}

/// Declares an enum whose variants each have a keyword for logs and metrics.
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
            /// All variants, each at the index `variant as usize`.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// Returns this variant's keyword for logs and metrics.
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
    /// Failure to obtain a verdict that may end by itself, such as no response in time.
    Outage {
        /// No connection was made: refused, unknown host name, or untrusted certificate.
        Unreachable = "unreachable";
        /// No complete response arrived within the time limit.
        TimedOut = "timed_out";
        /// The connection broke before the response was complete.
        Interrupted = "interrupted";
        /// The server responded with a failure of its own (5xx).
        ServerError = "server_error";
        /// The server responded with 429: too many requests.
        RateLimited = "rate_limited";
        /// The response has an HTTP status that no other variant covers.
        UnexpectedStatus = "unexpected_status";
        /// No request was sent: the maximum number of introspections is under way.
        TooManyInFlight = "too_many_in_flight";
        /// No request was sent: the limit of requests per second is reached.
        OverBudget = "over_budget";
        /// No request was sent: the circuit breaker is open after repeated failures.
        CircuitOpen = "circuit_open";
    }
}

words! {
    /// Difference between the authorization server and this API's configuration, such as another
    /// issuer.
    Misconfiguration {
        /// The server's metadata names an issuer other than expected.
        IssuerMismatch = "issuer_mismatch";
        /// The server's metadata names an introspection endpoint outside the server's own origin.
        ForeignEndpoint = "foreign_endpoint";
        /// The server redirects the introspection request, token included. The redirect is not
        /// followed.
        Redirected = "redirected";
    }
}

impl IntrospectionError {
    /// Returns the keyword for this error, such as `timed_out`, for logs and metrics.
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

    /// Keyword for [`ClientRefused`](Self::ClientRefused) in logs and metrics.
    pub const CLIENT_REFUSED: &str = "client_refused";
    /// Keyword for [`Unwitnessed`](Self::Unwitnessed) in logs and metrics.
    pub const UNWITNESSED: &str = "inactive_without_witness";
    /// Keyword for [`Malformed`](Self::Malformed) in logs and metrics.
    pub const MALFORMED: &str = "malformed_answer";
}
