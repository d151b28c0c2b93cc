//! Keys that verify the instance's JWTs (RFC 7517 §5).

use serde::Serialize;
use serde_json::json;

use super::members::Members;
use super::reply::{Part, Reply};
use crate::token_form;

pub(crate) const KEYS_PATH: &str = "/oauth/v2/keys";

#[derive(Serialize)]
struct Document {
    keys: [Members; 2],
}

/// Returns the signing key and a former one.
pub(crate) fn keys() -> Reply {
    let keys = token_form::instance_keys().map(|(id, key)| {
        let (modulus, exponent) = key.public_numbers();
        Members::from([
            ("use", json!("sig")),
            ("kty", json!("RSA")),
            ("kid", json!(id)),
            ("alg", json!("RS256")),
            ("n", json!(modulus)),
            ("e", json!(exponent)),
        ])
    });
    Reply::oidc(&Document { keys }).of(Part::Keys)
}
