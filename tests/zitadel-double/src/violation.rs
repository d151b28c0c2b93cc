//! Requests that a resource server must never make.
//!
//! Some of them ZITADEL refuses too, others it tolerates: it accepts tokens in the query and
//! checks no `jti`. The double answers the tolerated ones as ZITADEL would, and remembers them.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// One thing that was wrong with one request. Never holds a token, a secret or an assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// Introspection or the event log by another method than POST, discovery by another than GET.
    Method(String),
    /// A path that is neither discovery nor introspection nor the event log.
    UnknownPath(String),
    /// A host name that is not one of the instance's domains.
    UnknownHost(String),
    /// Parameters in the query, by name: tokens there end up in access logs.
    QueryParameters(Vec<String>),
    /// The form is not `application/x-www-form-urlencoded`.
    MediaType(Option<String>),
    /// The form cannot be decoded.
    MalformedForm,
    /// A form field that RFC 7662 and RFC 7523 do not know.
    UnknownField(String),
    /// A form field given more than once.
    RepeatedField(String),
    /// A field of one client authentication next to another one.
    FieldOfOtherAuthentication(String),
    /// `client_secret` in the form: the discovery document does not offer it.
    SecretInForm,
    /// The token is missing or empty.
    NoToken,
    /// A cookie: the resource server keeps a cookie jar.
    Cookie,
    /// `Forwarded` or `X-Forwarded-…`, by name: ZITADEL would look for another instance.
    ForwardingHeader(String),
    /// More than one `Authorization` header, or a scheme other than Basic, or Bearer at the event log.
    Authorization,
    /// Credentials sent to the discovery document, which needs none.
    CredentialsForDiscovery,
    /// The Basic value is not base64 of `id:secret`, or a half is not form-encoded.
    BasicEncoding,
    /// The client was refused.
    ClientRefused {
        /// The client id as given.
        client_id: String,
        /// Why.
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
    /// The body of a call to the event log is not the JSON that is wanted.
    SearchMalformed,
    /// A member of a search of the event log that is not known; ZITADEL ignores it.
    UnknownSearchMember(String),
    /// A list of a search of the event log is too long, by its name.
    SearchTooLong(String),
    /// More than 1 000 events were asked for; ZITADEL gives 1 000.
    SearchLimit(u32),
}

/// Why a client was refused. ZITADEL says only `unauthorized_client`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientRefusal {
    /// No application has this client id.
    UnknownClient,
    /// The application was deactivated, or it or its key is not seen yet. An operator did that: it
    /// is no violation.
    Deactivated,
    /// The secret is another one.
    WrongSecret,
    /// The application authenticates in another way.
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
    /// `aud` does not contain the issuer, letter by letter.
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

/// The violations that no test has taken yet.
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
