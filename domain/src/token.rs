//! Syntax of the access token that a caller presents.

use std::{borrow::Cow, fmt};

use thiserror::Error;

/// A bearer token as presented: non-empty, in `b64token` syntax (RFC 6750 §2.1), at most
/// [`AccessToken::MAX_LENGTH`] bytes.
///
/// A token borrows from the request until [`into_owned`](Self::into_owned). Being secret, it has no
/// `Display`, and its `Debug` writes `AccessToken(redacted)`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AccessToken<'a>(Cow<'a, str>);

/// Reason why text is not an access token. The error does not contain the text, which may be
/// secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AccessTokenError {
    /// The text is empty.
    #[error("the access token is empty")]
    Empty,
    /// The text is longer than [`AccessToken::MAX_LENGTH`] bytes.
    #[error("the access token is longer than {} bytes", AccessToken::MAX_LENGTH)]
    TooLong,
    /// The text is not `b64token`: it has a forbidden character, or consists of `=` alone.
    #[error("the access token has a character that RFC 6750 section 2.1 does not allow")]
    ForbiddenCharacter,
}

impl<'a> AccessToken<'a> {
    /// Maximum length of an accepted token, in bytes. ZITADEL does not limit the length of its
    /// JWTs.
    pub const MAX_LENGTH: usize = 16 * 1024;

    /// Parses the text exactly as given: nothing is trimmed or decoded.
    ///
    /// # Errors
    /// When `token` is empty, too long, or not `b64token`:
    /// `1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="`.
    pub fn parse(token: &'a str) -> Result<Self, AccessTokenError> {
        if token.is_empty() {
            return Err(AccessTokenError::Empty);
        }
        if token.len() > Self::MAX_LENGTH {
            return Err(AccessTokenError::TooLong);
        }
        let body = token.trim_end_matches('=');
        // Without an early exit the compiler checks many bytes at once: a token of 104 bytes takes
        // 292 instructions, and by `all` 1 264.
        let is_b64token = body.bytes().fold(true, |so_far, byte| so_far & is_b64token(byte));
        if body.is_empty() || !is_b64token {
            return Err(AccessTokenError::ForbiddenCharacter);
        }
        Ok(Self(Cow::Borrowed(token)))
    }

    /// Copies the token's text, so that the token can outlive the request.
    #[must_use]
    pub fn into_owned(self) -> AccessToken<'static> {
        AccessToken(Cow::Owned(self.0.into_owned()))
    }

    /// Returns the token's secret text, to send it to the authorization server.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        &self.0
    }
}

fn is_b64token(byte: u8) -> bool {
    matches!(
        byte,
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'+' | b'/'
    )
}

impl fmt::Debug for AccessToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessToken(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_character_of_b64token_is_accepted_and_kept() {
        let token = "AZaz09-._~+/==";
        assert_eq!(AccessToken::parse(token).unwrap().expose_secret(), token);
    }

    #[test]
    fn padding_alone_or_in_the_middle_is_refused() {
        for token in ["=", "==", "a=b", "=a"] {
            assert_eq!(AccessToken::parse(token), Err(AccessTokenError::ForbiddenCharacter));
        }
    }

    #[test]
    fn an_empty_token_is_refused() {
        assert_eq!(AccessToken::parse(""), Err(AccessTokenError::Empty));
    }

    #[test]
    fn sixteen_kibibytes_are_accepted_and_one_byte_more_is_not() {
        assert_eq!(AccessToken::MAX_LENGTH, 16_384);
        assert!(AccessToken::parse(&"a".repeat(16_384)).is_ok());
        assert_eq!(AccessToken::parse(&"a".repeat(16_385)), Err(AccessTokenError::TooLong));
    }

    // incidents.md row 17: `Bearer x&token=y` must never reach a form body.
    #[test]
    fn a_token_cannot_smuggle_a_parameter_or_a_line() {
        for token in ["x&token=y", "a b", "a,b", "a\r\nb", "a\0", "é", "a%20b", "\"a\"", " a", "a "]
        {
            assert_eq!(AccessToken::parse(token), Err(AccessTokenError::ForbiddenCharacter));
        }
    }

    proptest! {
        #[test]
        fn a_token_that_parses_is_kept_to_the_letter(token in "[A-Za-z0-9._~+/-]{1,60}={0,3}") {
            let parsed = AccessToken::parse(&token).unwrap();
            prop_assert_eq!(parsed.expose_secret(), &token);
        }
    }

    // incidents.md row 19.
    #[test]
    fn neither_debug_nor_error_repeats_the_input() {
        let token = AccessToken::parse("secret").unwrap();
        assert_eq!(format!("{token:?}"), "AccessToken(redacted)");
        for bad in ["secret secret".to_owned(), "secret".repeat(5000)] {
            let error = AccessToken::parse(&bad).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}
