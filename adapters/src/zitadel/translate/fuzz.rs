//! Property that `tests/fuzz` tries to violate: introspection responses are read as `serde_json`
//! reads them.

use domain::Introspection;
use serde_json::Value;

use super::{METADATA, Translator};

/// Checks that the translation of the introspection response `bytes` agrees with `serde_json` on
/// the verdict, and on which of the claims `cnf`, `exp` and `nbf` are present.
///
/// # Panics
/// When the property does not hold.
#[cfg_attr(test, expect(unreachable_pub, reason = "it is reached by tests/fuzz alone"))]
pub fn holds(bytes: &[u8]) {
    let claims = ["email", METADATA].into_iter().filter_map(|name| name.parse().ok()).collect();
    let translator = Translator::new(Some("340000000000000001"), claims);
    let Ok(verdict) = translator.introspection(bytes) else { return };
    // A claim that is not read may hold an unpaired surrogate, which `serde_json` refuses.
    let Ok(json) = serde_json::from_slice::<Value>(bytes) else { return };
    let is_active = matches!(verdict, Introspection::Active(_));
    assert_eq!(json.get("active"), Some(&Value::Bool(is_active)));
    let Introspection::Active(token) = verdict else { return };
    assert_eq!(token.key_bound, json.get("cnf").is_some());
    assert_eq!(token.expires_at.is_some(), json.get("exp").is_some());
    assert_eq!(token.not_before.is_some(), json.get("nbf").is_some());
    let mut grants = token.principal.roles.iter();
    assert!(grants.all(|grant| !grant.organizations().is_empty()), "a role without a grant");
}

#[cfg(test)]
#[test]
fn it_holds_for_the_corpus_and_its_neighbours() {
    crate::corpus::hold("introspection", holds);
}
