//! Reads the access token from the `Authorization` header (RFC 6750 §2.1). A token in the query or
//! the body is ignored.

use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use domain::{AccessToken, AccessTokenError};

use crate::answer::BearerError;

/// Returns the value of a request's `Authorization` header; an error unless there is exactly one.
pub(super) fn credentials(headers: &HeaderMap) -> Result<&HeaderValue, BearerError> {
    let mut values = headers.get_all(AUTHORIZATION).into_iter();
    let value = values.next().ok_or(BearerError::Missing)?;
    if values.next().is_some() {
        return Err(BearerError::Repeated);
    }
    Ok(value)
}

/// Returns the token after the scheme `Bearer`, which may be in upper or lower case.
pub(super) fn access_token(credentials: &HeaderValue) -> Result<AccessToken<'_>, BearerError> {
    let value = credentials.as_bytes();
    let end = value.iter().position(|byte| *byte == b' ').unwrap_or(value.len());
    let (scheme, token) = value.split_at(end);
    if !scheme.eq_ignore_ascii_case(b"bearer") {
        return Err(BearerError::Missing);
    }
    let token = std::str::from_utf8(token).map_err(|_| AccessTokenError::ForbiddenCharacter)?;
    Ok(AccessToken::parse(token.trim_start_matches(' '))?)
}

#[cfg(any(test, fuzzing))]
pub(super) mod fuzz;
#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(values: &[&[u8]]) -> Result<AccessToken<'static>, BearerError> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        credentials(&headers).and_then(access_token).map(AccessToken::into_owned)
    }

    #[test]
    fn the_scheme_is_case_insensitive_and_may_be_followed_by_several_spaces() {
        for value in ["Bearer abc", "bearer abc", "BEARER abc", "bEaReR    abc"] {
            assert_eq!(read(&[value.as_bytes()]).unwrap().expose_secret(), "abc", "{value}");
        }
    }

    #[test]
    fn without_a_bearer_scheme_there_is_no_token() {
        for value in ["", " ", "Basic YTpi", "Bearerabc", "Bearer\tabc", "Token abc", "abc", "Bear"]
        {
            assert_eq!(read(&[value.as_bytes()]), Err(BearerError::Missing), "{value}");
        }
        assert_eq!(read(&[]), Err(BearerError::Missing));
        assert_eq!(read(&[b"\xff abc"]), Err(BearerError::Missing));
    }

    #[test]
    fn a_header_without_a_proper_token_is_malformed() {
        for value in ["Bearer", "Bearer ", "bearer   "] {
            let empty = Err(BearerError::Malformed(AccessTokenError::Empty));
            assert_eq!(read(&[value.as_bytes()]), empty, "{value}");
        }
        for value in [
            &b"Bearer a b"[..],
            b"Bearer a,b",
            b"Bearer a, Bearer b",
            b"Bearer \"a\"",
            b"Bearer x&token=y",
            b"Bearer a%20b",
            b"Bearer \xff",
            b"Bearer \xc3\xa9",
            b"Bearer a ",
            b"Bearer \ta",
            b"Bearer =",
            b"Bearer a=b",
        ] {
            let forbidden = Err(BearerError::Malformed(AccessTokenError::ForbiddenCharacter));
            assert_eq!(read(&[value]), forbidden, "{value:?}");
        }
    }

    #[test]
    fn a_token_of_16_kib_is_read_and_a_longer_one_is_not() {
        let header = |length| format!("Bearer {}", "a".repeat(length)).into_bytes();
        assert!(read(&[&header(AccessToken::MAX_LENGTH)]).is_ok());
        let too_long = Err(BearerError::Malformed(AccessTokenError::TooLong));
        assert_eq!(read(&[&header(AccessToken::MAX_LENGTH + 1)]), too_long);
    }

    #[test]
    fn two_headers_are_one_too_many() {
        assert_eq!(read(&[b"Bearer a", b"Bearer a"]), Err(BearerError::Repeated));
        assert_eq!(read(&[b"Basic YTpi", b"Bearer a"]), Err(BearerError::Repeated));
    }

    proptest! {
        #[test]
        fn a_token_is_read_to_the_letter_behind_the_scheme(
            scheme in "[Bb][Ee][Aa][Rr][Ee][Rr]",
            spaces in " {1,4}",
            token in "[A-Za-z0-9._~+/-]{1,60}={0,3}",
        ) {
            let value = format!("{scheme}{spaces}{token}");
            let parsed = read(&[value.as_bytes()]).unwrap();
            prop_assert_eq!(parsed.expose_secret(), token);
        }

        #[test]
        fn no_other_scheme_has_a_token(scheme in "[A-Za-z]{0,12}", token in "[a-z]{1,20}") {
            prop_assume!(!scheme.eq_ignore_ascii_case("bearer"));
            let value = format!("{scheme} {token}");
            prop_assert_eq!(read(&[value.as_bytes()]), Err(BearerError::Missing));
        }
    }
}
