//! Property of the `.env` parser that the fuzzer in `tests/fuzz` tries to violate.

use super::parse;

/// Runs the `.env` parser on the text `bytes` three times. If no name counts as a setting, the
/// parser must succeed. If `ZITADEL_DOMAIN` and `APP_…` do, it must return the same variables, or
/// an error. Without such an error it must also read a line added at the end, unless a quote in
/// `bytes` may be open.
///
/// # Panics
/// When the property is violated.
#[cfg_attr(test, expect(unreachable_pub, reason = "it is reached by tests/fuzz alone"))]
pub fn holds(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let all = parse(text, |_| false).ok();
    assert!(all.as_ref().is_some_and(|all| all.keys().all(|name| !name.is_empty())));
    let ours = |word: &str| word == "ZITADEL_DOMAIN" || word.starts_with("APP_");
    let read = parse(text, ours).ok();
    assert!(read.is_none() || read == all);
    // A quote left open may end in the added line.
    if !text.contains(['\'', '"', '`', '\\']) {
        let longer = parse(&format!("{text}\nZITADEL_DOMAIN=here"), ours).ok();
        let value = longer.as_ref().and_then(|all| all.get("ZITADEL_DOMAIN"));
        assert!(read.is_none() || value.is_some_and(|value| value == "here"));
    }
}

#[cfg(test)]
#[test]
fn it_holds_for_the_corpus_and_its_neighbours() {
    crate::corpus::hold("dotenv", holds);
}
