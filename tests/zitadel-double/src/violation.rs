//! Requests that a resource server must never make.
//!
//! Some of them ZITADEL tolerates, such as a token in the query or a repeated `jti`: the double
//! answers these as ZITADEL would, and records them.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// Broken rule of one request, without token, secret or assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// Introspection or event log without POST, or discovery without GET.
    Method(String),
    /// A path without an endpoint.
    UnknownPath(String),
    /// A host name that is no domain of the instance.
    UnknownHost(String),
    /// Parameters in the query, by name: tokens there reach access logs.
    QueryParameters(Vec<String>),
    /// The form is not `application/x-www-form-urlencoded`.
    MediaType(Option<String>),
    /// The form cannot be decoded.
    MalformedForm,
    /// A form field that neither RFC 7662 nor RFC 7523 defines.
    UnknownField(String),
    /// A repeated form field.
    RepeatedField(String),
    /// A field of an unused client authentication method.
    FieldOfOtherAuthentication(String),
    /// `client_secret` in the form, which the discovery document does not offer.
    SecretInForm,
    /// The token is missing or empty.
    NoToken,
    /// A cookie: the resource server keeps a jar.
    Cookie,
    /// `Forwarded` or `X-Forwarded-…`, by name: ZITADEL would use another instance.
    ForwardingHeader(String),
    /// Repeated `Authorization`, or a scheme other than Basic (event log: Bearer).
    Authorization,
    /// Credentials in a discovery request.
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
    /// The assertion is no JWS: ZITADEL answers `active: false`, as for an invalid token.
    AssertionUnparseable,
    /// The assertion has no `jti`.
    AssertionWithoutJti,
    /// Two different assertions had the same `jti`.
    AssertionJtiReused,
    /// The assertion lives over an hour from `iat`.
    AssertionLifetime,
    /// The body of an event log call is malformed.
    SearchMalformed,
    /// An unknown member of an event search, which ZITADEL ignores.
    UnknownSearchMember(String),
    /// A list of an event search, by name, is too long.
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
    /// The application was deactivated, or it or its key is not visible yet. No violation: an
    /// operator caused it.
    Deactivated,
    /// The secret is wrong.
    WrongSecret,
    /// The application uses another authentication method.
    OtherAuthentication,
    /// The key of `kid` has expired.
    KeyExpired,
    /// `alg` is neither RS256 nor PS256.
    Algorithm,
    /// The client has no key with this `kid`.
    UnknownKey,
    /// The signature is wrong.
    Signature,
    /// `iss` and `sub` differ or are missing.
    IssuerAndSubject,
    /// `aud` lacks the exact issuer.
    Audience,
    /// `exp` is missing or less than a second ahead.
    Expired,
    /// `iat` is missing.
    NoIssuedAt,
    /// `iat` is more than a second ahead.
    IssuedInTheFuture,
    /// `iat` is over an hour ago.
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
