//! Property of the parser of `key.json` that `tests/fuzz` tries to violate.

use super::KeyFile;

/// Checks that a parsed key file has a client id and a key id, that its `Debug` output shows no
/// private key, and that an error's text is ASCII, so that it repeats no random bytes of the input.
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
