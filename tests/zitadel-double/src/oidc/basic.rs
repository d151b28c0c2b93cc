//! `client_secret_basic` (RFC 6749 §2.3.1): base64 of two form-encoded halves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::form::{is_escaped, unescape};
use super::reply::OidcError;
use crate::violation::{Violation, ViolationLog};

/// Returns decoded id and secret of `Authorization`; `None` if there are none, or ZITADEL would
/// ignore them.
pub(super) fn read(
    headers: &HeaderMap,
    log: &ViolationLog,
) -> Result<Option<(String, String)>, OidcError> {
    let Some(value) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let several = headers.get_all(AUTHORIZATION).iter().count() > 1;
    let Some(encoded) = value.to_str().ok().and_then(after_scheme) else {
        log.add(Violation::Authorization);
        return Ok(None);
    };
    if several {
        log.add(Violation::Authorization);
    }
    let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((id, secret)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) else {
        log.add(Violation::BasicEncoding);
        return Ok(None);
    };
    let pair = unescape(id).zip(unescape(secret));
    if pair.is_none() || !is_escaped(id) || !is_escaped(secret) {
        log.add(Violation::BasicEncoding);
    }
    pair.ok_or(OidcError::InvalidClient("invalid basic auth header")).map(Some)
}

fn after_scheme(value: &str) -> Option<&str> {
    let (scheme, encoded) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Basic").then_some(encoded)
}
