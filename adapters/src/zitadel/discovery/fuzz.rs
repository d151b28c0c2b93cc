//! Property of the parser of ZITADEL's metadata that `tests/fuzz` tries to violate.

use serde_json::Value;

use super::Discovery;

/// Checks that an endpoint accepted from the metadata in `bytes` has the origin of ZITADEL's
/// domain, and that the issuer in the metadata begins with `https:`.
///
/// # Panics
/// When the property does not hold.
#[cfg_attr(test, expect(unreachable_pub, reason = "it is reached by tests/fuzz alone"))]
pub fn holds(bytes: &[u8]) {
    let Ok(domain) = "https://auth.example.com".parse() else { return };
    let Ok(endpoint) = Discovery::new(domain, None).endpoint_in(bytes) else { return };
    assert_eq!(endpoint.origin().ascii_serialization(), "https://auth.example.com");
    let Ok(json) = serde_json::from_slice::<Value>(bytes) else { return };
    let issuer = json.get("issuer").and_then(Value::as_str).unwrap_or_default();
    let host = issuer.to_ascii_lowercase();
    assert!(host.trim_start().starts_with("https:"), "{issuer:?}");
    assert!(json.get("introspection_endpoint").is_some_and(Value::is_string));
}

#[cfg(test)]
#[test]
fn it_holds_for_the_corpus_and_its_neighbours() {
    crate::corpus::hold("metadata", holds);
}
