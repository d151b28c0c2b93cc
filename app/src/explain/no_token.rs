//! Describes a text that is no access token. Shows nothing of the text but its first forbidden
//! character.

use domain::{AccessToken, AccessTokenError};

use crate::advice::characters;

/// Describes `text` in words that fit after "the token is".
pub(super) fn describe(text: &str, error: AccessTokenError) -> String {
    if error == AccessTokenError::TooLong {
        return format!("more than {} characters, which are no token", AccessToken::MAX_LENGTH);
    }
    let length = characters(text.chars().count());
    match forbidden(text) {
        Some((place, character)) => {
            format!("{length} and no token: number {place} is {character:?}")
        }
        None => format!("{length} and no token"),
    }
}

/// Returns the first character of `text` that is forbidden in a token, and its position, counted
/// from 1.
fn forbidden(text: &str) -> Option<(usize, char)> {
    let body = text.trim_end_matches('=');
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
    let found = body.chars().enumerate().find(|(_, c)| !is_allowed(*c));
    found.map(|(before, character)| (before + 1, character))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn described(text: &str) -> String {
        describe(text, AccessToken::parse(text).unwrap_err())
    }

    #[test]
    fn the_first_character_that_no_token_has_is_named_with_its_place() {
        for (text, expected) in [
            ("ab c\n", "5 characters and no token: number 3 is ' '"),
            ("ab\ncd", "5 characters and no token: number 3 is '\\n'"),
            ("\"ab\"", "4 characters and no token: number 1 is '\"'"),
            ("ä", "1 character and no token: number 1 is 'ä'"),
            ("a=b", "3 characters and no token: number 2 is '='"),
            ("==", "2 characters and no token"),
            ("", "0 characters and no token"),
        ] {
            assert_eq!(described(text), expected, "{text:?}");
        }
        let long = described(&"a".repeat(AccessToken::MAX_LENGTH + 1));
        assert_eq!(long, "more than 16384 characters, which are no token");
    }

    proptest! {
        #[test]
        fn what_is_named_is_what_the_parser_refuses(text in "[a-zA-Z0-9=._ \n\"ä-]{1,20}") {
            let is_token = AccessToken::parse(&text).is_ok();
            let is_padding = text.chars().all(|c| c == '=');
            prop_assert_eq!(forbidden(&text).is_none(), is_token || is_padding);
        }
    }
}
