//! Password policy of a new instance.

use crate::refusal::Refusal;

/// Requires eight characters and every character class.
pub(super) fn check(password: &str) -> Result<(), Refusal> {
    let has = |kind: fn(char) -> bool| password.chars().any(kind);
    let is_symbol = |letter: char| !letter.is_alphanumeric();
    for (is_so, text, id) in [
        (password.len() >= 8, "Password is too short", "DOMAIN-HuJf6"),
        (has(char::is_lowercase), "Password must contain lower case", "DOMAIN-co3Xw"),
        (has(char::is_uppercase), "Password must contain upper case", "DOMAIN-VoaRj"),
        (has(char::is_numeric), "Password must contain number", "DOMAIN-ZBv4H"),
        (has(is_symbol), "Password must contain symbol", "DOMAIN-ZDLwA"),
    ] {
        if !is_so {
            return Err(Refusal::invalid(text, id));
        }
    }
    Ok(())
}
