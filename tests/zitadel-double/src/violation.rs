//! Requests that a resource server must never make.
//!
//! ZITADEL refuses some of them too and tolerates others: it accepts tokens in the query and does
//! not check `jti`. The double answers tolerated ones as ZITADEL would, and records them.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// One broken rule of one request. Never contains a token, a secret or an assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// Introspection or the event log by another method than POST, discovery by another than GET.
    Method(String),
    /// A path without an endpoint.
    UnknownPath(String),
    /// A host name that is not one of the instance's domains.
    UnknownHost(String),
    /// Parameters in the query, by name: tokens there end up in access logs.
    QueryParameters(Vec<String>),
    /// The form is not `application/x-www-form-urlencoded`.
    MediaType(Option<String>),
    /// The form cannot be decoded.
    MalformedForm,
    /// A form field that neither RFC 7662 nor RFC 7523 defines.
    UnknownField(String),
    /// A form field given more than once.
    RepeatedField(String),
    /// A field of a client authentication method other than the one used.
    FieldOfOtherAuthentication(String),
    /// `client_secret` in the form: the discovery document does not offer it.
    SecretInForm,
    /// The token is missing or empty.
    NoToken,
    /// A cookie: the resource server keeps a cookie jar.
    Cookie,
    /// `Forwarded` or `X-Forwarded-…`, by name: ZITADEL would look up another instance.
    ForwardingHeader(String),
    /// Repeated `Authorization` headers, or a scheme other than Basic (event log: Bearer).
    Authorization,
    /// Credentials sent to the discovery document, which needs none.
    CredentialsForDiscovery,
    /// The Basic value is not base64 of `id:secret`, or a half is not form-encoded.
    BasicEncoding,
    /// The client was refused.
    ClientRefused {
        /// Client id as sent.
        client_id: String,
        /// Cause of the refusal.
        because: ClientRefusal,
    },
    /// The assertion is not a JWS: ZITADEL answers `active: false`, as for a dead token.
    AssertionUnparseable,
    /// The assertion has no `jti`.
    AssertionWithoutJti,
    /// Two different assertions had the same `jti`.
    AssertionJtiReused,
    /// The assertion lives longer than an hour from its `iat`.
    AssertionLifetime,
    /// The body of a call to the event log is not the expected JSON.
    SearchMalformed,
    /// An unknown member of a search of the event log; ZITADEL ignores it.
    UnknownSearchMember(String),
    /// A list of a search of the event log is too long; by its name.
    SearchTooLong(String),
    /// A search requested more than 1 000 events; ZITADEL returns 1 000.
    SearchLimit(u32),
}

/// Cause of a client's refusal. ZITADEL says only `unauthorized_client`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientRefusal {
    /// No application has this client id.
    UnknownClient,
    /// The application was deactivated, or it or its key is not visible yet. An operator caused
    /// that: it is no violation.
    Deactivated,
    /// The secret is wrong.
    WrongSecret,
    /// The application uses another authentication method.
    OtherAuthentication,
    /// The key that `kid` names has expired.
    KeyExpired,
    /// `alg` is neither RS256 nor PS256.
    Algorithm,
    /// No key of this client has that `kid`.
    UnknownKey,
    /// The signature is not that key's.
    Signature,
    /// `iss` and `sub` differ, or are missing.
    IssuerAndSubject,
    /// `aud` does not contain the exact issuer.
    Audience,
    /// `exp` is missing or not at least a second ahead.
    Expired,
    /// `iat` is missing.
    NoIssuedAt,
    /// `iat` is more than a second ahead.
    IssuedInTheFuture,
    /// `iat` is more than an hour ago.
    IssuedTooLongAgo,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(method) => write!(f, "wrong method {method}"),
            Self::UnknownPath(path) => write!(f, "no such path: {path}"),
            Self::UnknownHost(host) => write!(f, "{host} is no domain of the instance"),
            Self::QueryParameters(names) => write!(f, "parameters in the query: {names:?}"),
            Self::MediaType(None) => f.write_str("no content type"),
            Self::MediaType(Some(found)) => write!(f, "content type {found}"),
            Self::MalformedForm => f.write_str("the form cannot be decoded"),
            Self::UnknownField(name) => write!(f, "unknown form field {name}"),
            Self::RepeatedField(name) => write!(f, "repeated form field {name}"),
            Self::FieldOfOtherAuthentication(name) => {
                write!(f, "form field {name} next to another client authentication")
            }
            Self::SecretInForm => f.write_str("the client secret was in the form"),
            Self::NoToken => f.write_str("the token is missing or empty"),
            Self::Cookie => f.write_str("a cookie was sent"),
            Self::ForwardingHeader(name) => write!(f, "the header {name} was sent"),
            Self::Authorization => {
                f.write_str("the Authorization header is not one value of the right scheme")
            }
            Self::CredentialsForDiscovery => f.write_str("discovery was given credentials"),
            Self::BasicEncoding => f.write_str("the Basic value is wrongly encoded"),
            Self::ClientRefused { client_id, because } => {
                write!(f, "the client {client_id} was refused: {because:?}")
            }
            Self::AssertionUnparseable => f.write_str("the client assertion is not a JWS"),
            Self::AssertionWithoutJti => f.write_str("the client assertion has no jti"),
            Self::AssertionJtiReused => f.write_str("two client assertions had the same jti"),
            Self::AssertionLifetime => f.write_str("the client assertion lives beyond an hour"),
            Self::SearchMalformed => f.write_str("the search of the event log is no such JSON"),
            Self::UnknownSearchMember(name) => {
                write!(f, "unknown member {name} in a search of the event log")
            }
            Self::SearchTooLong(name) => write!(f, "too many {name} in a search of the event log"),
            Self::SearchLimit(limit) => write!(f, "{limit} events of the log were asked for"),
        }
    }
}

/// Violations that no test has taken yet.
#[derive(Debug, Default)]
pub(crate) struct ViolationLog(Mutex<Vec<Violation>>);

impl ViolationLog {
    pub(crate) fn add(&self, violation: Violation) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(violation);
    }

    pub(crate) fn list(&self) -> Vec<Violation> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn take(&self) -> Vec<Violation> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
