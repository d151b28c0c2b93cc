//! Reads an access token from the operator: from a pipe, or typed without being shown.

use std::io::{self, IsTerminal, Read};

use domain::AccessToken;
use thiserror::Error;

/// Reason why no token could be read.
#[derive(Debug, Error)]
pub enum TokenInputError {
    /// Error when reading standard input or the terminal.
    #[error("the token cannot be read from standard input: {0}")]
    Read(#[from] io::Error),
    /// Standard input without a token.
    #[error(
        "there is no token on standard input: pipe it in, as in: {program} explain < token.txt"
    )]
    Empty {
        /// Name of the program, for the example in the message.
        program: String,
    },
}

/// Reads a token from standard input. On a terminal, prompts for it without echo. The error message
/// shows an example command with `program`.
///
/// Drops white space around the token, and `Authorization:` or `Bearer` before it.
///
/// # Errors
/// When there is no token, or standard input cannot be read.
pub fn read(program: &str) -> Result<String, TokenInputError> {
    let stdin = io::stdin();
    let text = if stdin.is_terminal() {
        rpassword::prompt_password("Access token (not shown): ")?
    } else {
        read_piped(stdin.lock())?
    };
    match token(&text) {
        "" => Err(TokenInputError::Empty { program: program.to_owned() }),
        token => Ok(token.to_owned()),
    }
}

/// Reads `input`, but at most four times the maximum length of a token: enough to see that a text
/// is longer.
fn read_piped(input: impl Read) -> io::Result<String> {
    let mut bytes = Vec::new();
    input.take(4 * AccessToken::MAX_LENGTH as u64).read_to_end(&mut bytes)?;
    // Invalid UTF-8 is no token either, and is reported as such.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn token(text: &str) -> &str {
    // Some editors write a byte order mark, which is not white space.
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let text = after("authorization:", text).map_or(text, str::trim_start);
    match after("bearer", text) {
        Some(token) if token.is_empty() || token.starts_with(char::is_whitespace) => {
            token.trim_start()
        }
        _ => text,
    }
}

fn after<'a>(word: &str, text: &'a str) -> Option<&'a str> {
    let (before, after) = text.split_at_checked(word.len())?;
    before.eq_ignore_ascii_case(word).then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_token_is_no_part_of_it() {
        for text in [
            "abc",
            "abc\n",
            " abc \r\n",
            "\u{feff}abc\r\n",
            "Bearer abc",
            "bearer   abc\n",
            "Authorization: Bearer abc",
            "authorization:bearer\tabc",
        ] {
            assert_eq!(token(text), "abc", "{text:?}");
        }
        for (text, kept) in [
            ("", ""),
            (" \n", ""),
            ("a b", "a b"),
            ("Bearer", ""),
            ("Authorization: Bearer\n", ""),
            ("bearers", "bearers"),
            ("Bearerabc", "Bearerabc"),
            ("authorizatioä", "authorizatioä"),
        ] {
            assert_eq!(token(text), kept, "{text:?}");
        }
    }

    #[test]
    fn no_more_is_read_than_it_takes_to_see_that_it_is_too_long() {
        let read = read_piped(io::repeat(b'a')).unwrap();
        assert!(AccessToken::parse(&read).is_err());
        assert_eq!(read_piped(&b"a\xff"[..]).unwrap(), "a\u{fffd}");
        let longest = "a".repeat(AccessToken::MAX_LENGTH);
        let text = format!("Authorization: Bearer {longest}\n");
        assert_eq!(token(&read_piped(text.as_bytes()).unwrap()), longest);
    }
}
