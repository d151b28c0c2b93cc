//! The `Forwarded` header (RFC 7239 §4), parsed like ZITADEL's strict library.

/// Returns a parameter's first value; `None` if absent, or if the header is malformed, as by an
/// unquoted port.
pub(crate) fn parameter(header: &str, name: &str) -> Option<String> {
    let mut found = None;
    for pair in split(header) {
        let (key, value) = pair.split_once('=')?;
        let value = match value.strip_prefix('"') {
            Some(quoted) => quoted.strip_suffix('"')?.replace('\\', ""),
            None => Some(value).filter(|value| is_token(value))?.to_owned(),
        };
        if !is_token(key) {
            return None;
        }
        if found.is_none() && key.eq_ignore_ascii_case(name) {
            found = Some(value);
        }
    }
    found
}

/// Splits at unquoted commas and semicolons.
fn split(header: &str) -> Vec<&str> {
    let mut quoted = false;
    let parts = header.split(|letter: char| {
        quoted ^= letter == '"';
        !quoted && [',', ';'].contains(&letter)
    });
    parts.map(str::trim).collect()
}

fn is_token(text: &str) -> bool {
    let special = b"!#$%&'*+-.^_`|~";
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || special.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::parameter;

    #[test]
    fn the_oldest_value_counts_and_names_have_no_case() {
        let header = "Host=a.test;proto=https, host=b.test";
        assert_eq!(parameter(header, "host").as_deref(), Some("a.test"));
        assert_eq!(parameter(header, "proto").as_deref(), Some("https"));
    }

    #[test]
    fn a_port_counts_in_quotes_only() {
        assert_eq!(parameter("host=\"a.test:1\"", "host").as_deref(), Some("a.test:1"));
        for malformed in ["host=a.test:1", "host=a.test;x", "10.0.0.1", "", "host=\"a", "a b=c"] {
            assert_eq!(parameter(malformed, "host"), None, "{malformed}");
        }
    }
}
