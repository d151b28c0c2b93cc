//! Property that `tests/fuzz` tries to violate: the `Authorization` parser returns only valid
//! tokens, in full.

use axum::http::HeaderValue;

use super::access_token;

/// Checks that a token parsed from the header value `bytes` is the whole text after the scheme, in
/// the syntax of RFC 6750 §2.1 and no longer than 16 KiB.
///
/// # Panics
/// When the property is violated.
#[cfg_attr(test, expect(unreachable_pub, reason = "it is reached by tests/fuzz alone"))]
pub fn holds(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let Ok(token) = access_token(&value) else { return };
    let text = token.expose_secret();
    assert!(!text.is_empty() && text.len() <= 16 * 1024);
    let (scheme, rest) = bytes.split_at(6);
    assert!(scheme.eq_ignore_ascii_case(b"bearer"));
    assert_eq!(rest.trim_ascii_start(), text.as_bytes(), "nothing is left out");
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte);
    assert!(text.trim_end_matches('=').bytes().all(is_allowed));
}

#[cfg(test)]
#[test]
fn it_holds_for_the_corpus_and_its_neighbours() {
    crate::corpus::hold("authorization", holds);
}
