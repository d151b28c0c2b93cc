//! Limits the length of texts that callers or ZITADEL supply, in log events.

const MAX_LENGTH: usize = 512;

/// Maximum length, in bytes, of an HTTP method in a log event. Registered methods have at most 17.
const MAX_METHOD: usize = 32;

/// Returns `text`, cut to 512 bytes and marked with `…` if it is longer.
pub(super) fn shortened(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_LENGTH);
    match text.get(..end) {
        Some(start) if start.len() < text.len() => format!("{start}…"),
        _ => text.to_owned(),
    }
}

/// Returns at most the first 32 bytes of an HTTP method.
pub(super) fn method(method: &axum::http::Method) -> &str {
    // It is ASCII (RFC 9110 §9.1), so any cut is valid.
    method.as_str().get(..MAX_METHOD).unwrap_or(method.as_str())
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;

    #[test]
    fn a_long_text_is_cut_between_characters() {
        for text in ["", "a", &"a".repeat(MAX_LENGTH)] {
            assert_eq!(shortened(text), text);
        }
        assert_eq!(shortened(&"a".repeat(60_000)), format!("{}…", "a".repeat(MAX_LENGTH)));
        assert_eq!(shortened(&"ä".repeat(300)), format!("{}…", "ä".repeat(MAX_LENGTH / 2)));
        assert_eq!(shortened(&format!("a{}", "ä".repeat(300))).len(), 511 + "…".len());
    }

    #[test]
    fn a_long_method_is_cut() {
        let shown = |text: &str| method(&Method::from_bytes(text.as_bytes()).unwrap()).to_owned();
        for text in ["GET", "UPDATEREDIRECTREF", &"M".repeat(MAX_METHOD)] {
            assert_eq!(shown(text), text);
        }
        assert_eq!(shown(&"M".repeat(60_000)), "M".repeat(MAX_METHOD));
    }
}
