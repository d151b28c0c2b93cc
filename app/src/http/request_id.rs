//! The id of a request, by which its answer, its events and its trace are found together.

use std::{fmt, str};

use axum::http::{HeaderMap, HeaderName, HeaderValue};

/// Where the caller may name an id, where the handler reads it, and where the answer says it.
pub(super) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is taken over, in bytes. An id is logged, and none of ZITADEL's access
/// tokens is as short; so nothing longer is taken over in part either.
const MAX_LENGTH: usize = 64;

/// The id of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RequestId {
    /// The caller's: at most 64 letters, digits, and `-._~:@/+=`.
    Given(HeaderValue),
    /// A new one. A number becomes a header without a look at each of its characters.
    Made(u64),
}

impl RequestId {
    /// The caller's own id, without what an id may not hold; a new one where nothing is left, and
    /// where it is too long.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(X_REQUEST_ID).and_then(taken_over);
        given.map_or_else(|| Self::Made(rand::random()), Self::Given)
    }

    pub(super) fn to_header(&self) -> HeaderValue {
        match self {
            Self::Given(given) => given.clone(),
            Self::Made(made) => (*made).into(),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // It is ASCII.
            Self::Given(given) => f.write_str(str::from_utf8(given.as_bytes()).unwrap_or_default()),
            Self::Made(made) => made.fmt(f),
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

    /// The id of a request that gives these.
    fn id(given: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for value in given {
            headers.append(X_REQUEST_ID, HeaderValue::from_bytes(value).unwrap());
        }
        let id = RequestId::of(&headers);
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
