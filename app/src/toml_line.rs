//! Line number of an error in a TOML text.

/// Returns the line of `error` in `text`, counted from 1.
pub(crate) fn toml_line(text: &str, error: &toml::de::Error) -> usize {
    let start = error.span().map_or(0, |span| span.start);
    text.bytes().take(start).filter(|byte| *byte == b'\n').count() + 1
}
