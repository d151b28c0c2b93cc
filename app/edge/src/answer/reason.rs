//! One word for every way in which a request can end without its handler's response.

use domain::{AccessTokenError, Denial, IntrospectionError, Misconfiguration, Outage};

use super::BearerError;

/// Defines each reason in one line: variant, word for the log, and `code` for the caller.
macro_rules! reasons {
    ($($name:ident = $word:literal, $code:literal;)*) => {
        /// Reason why a request was rejected, written as the same word in log, metrics and traces.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $(
                #[doc = concat!("`", $word, "`; the caller is told `", $code, "`.")]
                $name,
            )*
        }

        impl Reason {
            /// Every reason, in the order of `docs/outcomes.md`.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Returns the word for log, metrics and traces, such as `token_too_long`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// Returns the `code` in the response to the caller; several reasons may share one.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$name => $code,)*
                }
            }
        }
    };
}

reasons! {
    MissingToken = "missing_token", "missing_token";
    RepeatedHeader = "repeated_header", "invalid_request";
    EmptyToken = "empty_token", "invalid_request";
    TokenTooLong = "token_too_long", "invalid_request";
    ForbiddenCharacter = "forbidden_character", "invalid_request";

    Inactive = "inactive", "invalid_token";
    KeyBound = "key_bound", "invalid_token";
    Expired = "expired", "invalid_token";
    NotYetValid = "not_yet_valid", "invalid_token";
    WrongIssuer = "wrong_issuer", "invalid_token";
    WrongAudience = "wrong_audience", "invalid_token";
    WrongOrganization = "wrong_organization", "invalid_token";
    PolicyNotMet = "policy_not_met", "insufficient_scope";
    DeniedByHandler = "denied_by_handler", "insufficient_scope";

    Unreachable = "unreachable", "introspection_unavailable";
    TimedOut = "timed_out", "introspection_unavailable";
    Interrupted = "interrupted", "introspection_unavailable";
    ServerError = "server_error", "introspection_unavailable";
    RateLimited = "rate_limited", "introspection_unavailable";
    UnexpectedStatus = "unexpected_status", "introspection_unavailable";
    TooManyInFlight = "too_many_in_flight", "introspection_unavailable";
    OverBudget = "over_budget", "introspection_unavailable";
    CircuitOpen = "circuit_open", "introspection_unavailable";
    ClientRefused = "client_refused", "introspection_unavailable";
    IssuerMismatch = "issuer_mismatch", "introspection_unavailable";
    ForeignEndpoint = "foreign_endpoint", "introspection_unavailable";
    Redirected = "redirected", "introspection_unavailable";
    InactiveWithoutWitness = "inactive_without_witness", "introspection_unavailable";
    MalformedAnswer = "malformed_answer", "introspection_unavailable";

    ForeignOrigin = "foreign_origin", "foreign_origin";
    NotFound = "not_found", "not_found";
    MethodNotAllowed = "method_not_allowed", "method_not_allowed";
    InvalidInput = "invalid_input", "invalid_input";
    BodyTooLarge = "body_too_large", "body_too_large";
    UnsupportedMediaType = "unsupported_media_type", "unsupported_media_type";
    InvalidBody = "invalid_body", "invalid_body";
    InternalError = "internal_error", "internal_error";
}

impl From<BearerError> for Reason {
    fn from(error: BearerError) -> Self {
        match error {
            BearerError::Missing => Self::MissingToken,
            BearerError::Repeated => Self::RepeatedHeader,
            BearerError::Malformed(AccessTokenError::Empty) => Self::EmptyToken,
            BearerError::Malformed(AccessTokenError::TooLong) => Self::TokenTooLong,
            BearerError::Malformed(AccessTokenError::ForbiddenCharacter) => {
                Self::ForbiddenCharacter
            }
        }
    }
}

impl From<&Denial> for Reason {
    fn from(denial: &Denial) -> Self {
        match denial {
            Denial::Inactive => Self::Inactive,
            Denial::Expired => Self::Expired,
            Denial::NotYetValid => Self::NotYetValid,
            Denial::KeyBound => Self::KeyBound,
            Denial::WrongIssuer { .. } => Self::WrongIssuer,
            Denial::WrongAudience { .. } => Self::WrongAudience,
            Denial::WrongOrganization { .. } => Self::WrongOrganization,
            Denial::PolicyNotMet { .. } => Self::PolicyNotMet,
            Denial::ByHandler { .. } => Self::DeniedByHandler,
        }
    }
}

impl From<&IntrospectionError> for Reason {
    fn from(fault: &IntrospectionError) -> Self {
        match fault {
            IntrospectionError::Unavailable { reason, .. } => match reason {
                Outage::Unreachable => Self::Unreachable,
                Outage::TimedOut => Self::TimedOut,
                Outage::Interrupted => Self::Interrupted,
                Outage::ServerError => Self::ServerError,
                Outage::RateLimited => Self::RateLimited,
                Outage::UnexpectedStatus => Self::UnexpectedStatus,
                Outage::TooManyInFlight => Self::TooManyInFlight,
                Outage::OverBudget => Self::OverBudget,
                Outage::CircuitOpen => Self::CircuitOpen,
            },
            IntrospectionError::ClientRefused { .. } => Self::ClientRefused,
            IntrospectionError::Misconfigured { reason, .. } => match reason {
                Misconfiguration::IssuerMismatch => Self::IssuerMismatch,
                Misconfiguration::ForeignEndpoint => Self::ForeignEndpoint,
                Misconfiguration::Redirected => Self::Redirected,
            },
            IntrospectionError::Unwitnessed { .. } => Self::InactiveWithoutWitness,
            IntrospectionError::Malformed { .. } => Self::MalformedAnswer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, fs, path::Path};

    use super::*;

    fn page(name: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn every_reason_has_a_word_of_its_own_and_stands_in_the_documentation() {
        let words: HashSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        let outcomes = page("outcomes.md");
        for reason in Reason::ALL {
            for word in [reason.as_str(), reason.code()] {
                assert!(outcomes.contains(&format!("`{word}`")), "{word}");
            }
        }
    }

    #[test]
    fn faults_have_the_words_of_the_domain() {
        let source: domain::Cause = std::sync::Arc::new(std::io::Error::other("a test"));
        let outage = |reason| {
            let source = std::sync::Arc::clone(&source);
            IntrospectionError::Unavailable { reason, source }
        };
        let misconfigured = |reason| {
            let source = std::sync::Arc::clone(&source);
            IntrospectionError::Misconfigured { reason, source }
        };
        for fault in [
            outage(Outage::Unreachable),
            outage(Outage::TimedOut),
            outage(Outage::Interrupted),
            outage(Outage::ServerError),
            outage(Outage::RateLimited),
            outage(Outage::UnexpectedStatus),
            outage(Outage::TooManyInFlight),
            outage(Outage::OverBudget),
            outage(Outage::CircuitOpen),
            IntrospectionError::ClientRefused { source: std::sync::Arc::clone(&source) },
            misconfigured(Misconfiguration::IssuerMismatch),
            misconfigured(Misconfiguration::ForeignEndpoint),
            misconfigured(Misconfiguration::Redirected),
            IntrospectionError::Unwitnessed { source: std::sync::Arc::clone(&source) },
            IntrospectionError::Malformed { source: std::sync::Arc::clone(&source) },
        ] {
            assert_eq!(Reason::from(&fault).as_str(), fault.reason());
        }
    }
}
