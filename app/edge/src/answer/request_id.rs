//! Id of a request, the same in its response, its log events and its trace.

use std::{fmt, str};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Header with the request id: optional in a request, present in every response.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Maximum length of a caller's id, in bytes. ZITADEL's access tokens are usually longer (71 bytes
/// or more), so a token sent by mistake as an id is not logged.
const MAX_LENGTH: usize = 64;

/// Id of a request: the caller's `X-Request-Id` without forbidden characters, or a new random
/// number.
///
/// As an extractor it works below [`Guard::layer`](crate::Guard::layer) and in
/// [`Routes`](crate::Routes); elsewhere it answers 500.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Id);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Id {
    /// Id that the caller sent: at most 64 letters, digits, and `-._~:@/+=`.
    Given(HeaderValue),
    /// Random id, made if the caller sent no usable id. A number costs 110 instructions less than a
    /// header value.
    Made(u64),
}

impl RequestId {
    /// Returns the caller's id without forbidden characters. Returns a new id if the caller sent
    /// none, only forbidden characters, or more than 64 bytes.
    #[must_use]
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let given = headers.get(X_REQUEST_ID).and_then(taken_over);
        Self(given.map_or_else(|| Id::Made(fastrand::u64(..)), Id::Given))
    }

    /// Returns the id as the value of `X-Request-Id`.
    #[must_use]
    pub fn to_header(&self) -> HeaderValue {
        match &self.0 {
            Id::Given(given) => given.clone(),
            Id::Made(made) => (*made).into(),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            // The header is ASCII.
            Id::Given(given) => f.write_str(str::from_utf8(given.as_bytes()).unwrap_or_default()),
            Id::Made(made) => made.fmt(f),
        }
    }
}

fn taken_over(given: &HeaderValue) -> Option<HeaderValue> {
    let bytes = given.as_bytes();
    if bytes.len() > MAX_LENGTH {
        return None;
    }
    let left: Vec<u8> = bytes.iter().copied().filter(|byte| is_allowed(*byte)).collect();
    HeaderValue::from_bytes(&left).ok().filter(|left| !left.is_empty())
}

const fn is_allowed(byte: u8) -> bool {
    matches!(
        byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'
            | b'-' | b'.' | b'_' | b'~' | b':' | b'@' | b'/' | b'+' | b'='
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(given: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for value in given {
            headers.append(X_REQUEST_ID, HeaderValue::from_bytes(value).unwrap());
        }
        let id = RequestId::from_headers(&headers);
        assert_eq!(id.to_header(), id.to_string());
        id.to_string()
    }

    #[test]
    fn an_id_of_the_caller_is_taken_over() {
        for given in ["a", "0b6a1f7e-9d8c-4b7a-a1b2-c3d4e5f60718", "Root=1-6789:a@b/c+d_e~f.g"] {
            assert_eq!(id(&[given.as_bytes()]), given);
        }
        let longest = "x".repeat(64);
        assert_eq!(id(&[longest.as_bytes()]), longest);
    }

    #[test]
    fn what_an_id_may_not_hold_is_left_out() {
        assert_eq!(id(&[b"a b\"c\xff<script>{}"]), "abcscript");
        assert_eq!(id(&[b"first", b"second"]), "first");
    }

    #[test]
    fn without_an_id_a_new_one_is_made_each_time() {
        let too_long = "x".repeat(65);
        for given in [&[][..], &[b"" as &[u8]], &[b"\xff <>"], &[too_long.as_bytes()]] {
            let (one, other) = (id(given), id(given));
            assert_ne!(one, other);
            assert!(one.parse::<u64>().is_ok(), "{one}");
        }
    }

    proptest! {
        #[test]
        fn an_id_is_never_long_and_never_holds_anything_else(
            given in proptest::collection::vec(32_u8..=126, 0..200),
        ) {
            let id = id(&[&given]);
            prop_assert!((1..=64).contains(&id.len()));
            prop_assert!(id.bytes().all(is_allowed));
        }
    }
}
