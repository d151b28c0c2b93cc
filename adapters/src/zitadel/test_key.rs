//! Key file in ZITADEL's form, for tests. The key gives access to nothing.

pub(super) const KEY_JSON: &str = include_str!("test_key.json");
