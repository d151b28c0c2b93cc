//! Finds signs that a client id or secret was not copied as ZITADEL issued it, such as quotes
//! around it.

/// Returns a reason why `text`, a client id or secret, was probably not copied correctly, if any.
/// The reason does not repeat `text`.
pub(super) fn doubt(text: &str) -> Option<&'static str> {
    if text.starts_with('\u{feff}') {
        Some("it begins with a byte order mark: save the file as UTF-8 without one")
    } else if text.contains('\0') {
        Some("it holds a NUL character: save the file as UTF-8")
    } else if text.contains(['\r', '\n']) {
        Some("it has a line break inside: only one line is meant")
    } else if text.len() > 1 && text.starts_with(['"', '\'']) && text.ends_with(['"', '\'']) {
        Some("it stands in quotes, which are taken as part of it: remove them")
    } else if ["CLIENT_ID", "CLIENT_SECRET"].iter().any(|name| is_assignment(text, name)) {
        Some("it begins with the name of a variable and \"=\": only the value is meant")
    } else if text.trim() != text {
        Some("it has a blank before or behind it: remove that")
    } else if text.contains(char::is_control) {
        Some("it holds a control character")
    } else {
        None
    }
}

fn is_assignment(text: &str, name: &str) -> bool {
    let text = text.trim_start();
    let text = text.strip_prefix("export ").unwrap_or(text).trim_start();
    text.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_copied_as_it_is_gives_rise_to_doubt() {
        for (text, expected) in [
            ("\u{feff}secret", "a byte order mark"),
            ("sec\0ret", "a NUL character"),
            ("sec\r\nret", "a line break"),
            ("\"secret\"", "in quotes"),
            ("'secret'", "in quotes"),
            ("CLIENT_SECRET=secret", "the name of a variable"),
            (" export CLIENT_ID = 1", "the name of a variable"),
            (" secret", "a blank"),
            ("secret\t", "a blank"),
            ("sec\u{7}ret", "a control character"),
        ] {
            assert!(doubt(text).unwrap().contains(expected), "{text:?}");
            assert!(!doubt(text).unwrap().contains("secret"), "{text:?}");
        }
        for text in ["secret", "\"", "'a", "a=b", "CLIENT_SECRETS", "a b", "ö", ""] {
            assert_eq!(doubt(text), None, "{text:?}");
        }
    }
}
