//! Property of the `key.json` reader; `tests/fuzz` looks for inputs that violate the property.

use super::KeyFile;

/// Checks that a parsed key has its ids, that its `Debug` output shows no secret, and that an error
/// repeats nothing of `bytes`.
///
/// # Panics
/// When the property does not hold.
#[cfg_attr(test, expect(unreachable_pub, reason = "it is reached by tests/fuzz alone"))]
pub fn holds(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match KeyFile::parse(text) {
        Ok(key) => {
            assert!(!key.client_id.as_str().is_empty() && !key.key_id.is_empty());
            assert!(!format!("{key:?}").contains("PRIVATE KEY"));
        }
        Err(error) => assert!(error.to_string().is_ascii(), "a text of our own"),
    }
}

#[cfg(test)]
#[test]
fn it_holds_for_the_corpus_and_its_neighbours() {
    crate::corpus::hold("key_file", holds);
}
