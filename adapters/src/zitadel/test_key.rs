//! Key file as ZITADEL writes it. The key in it opens nothing.

pub(super) const KEY_JSON: &str = include_str!("test_key.json");
