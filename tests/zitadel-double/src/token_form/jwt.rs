//! JWTs (RFC 7519) signed by the instance: session and id tokens.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

use super::legacy;
use crate::world::SigningKey;

/// Signing key; one per process, because generation takes time.
static INSTANCE_KEY: LazyLock<SigningKey> = LazyLock::new(SigningKey::generate);
const INSTANCE_KEY_ID: &str = "340000000000000030";

/// Former signing key, still published.
static FORMER_KEY: LazyLock<SigningKey> = LazyLock::new(SigningKey::generate);
const FORMER_KEY_ID: &str = "340000000000000031";

pub(crate) fn instance_keys() -> [(&'static str, &'static SigningKey); 2] {
    [(INSTANCE_KEY_ID, &INSTANCE_KEY), (FORMER_KEY_ID, &FORMER_KEY)]
}

#[derive(Serialize)]
struct Header {
    alg: &'static str,
    kid: &'static str,
    typ: &'static str,
}

/// Signs claims in their order.
#[expect(clippy::expect_used, reason = "claims are JSON")]
pub(crate) fn sign(claims: &impl Serialize) -> String {
    let header = Header { alg: "RS256", kid: INSTANCE_KEY_ID, typ: "JWT" };
    let encode = |json: serde_json::Result<Vec<u8>>| URL_SAFE_NO_PAD.encode(json.expect("JSON"));
    let header = encode(serde_json::to_vec(&header));
    let signed = format!("{header}.{}", encode(serde_json::to_vec(claims)));
    let signature = INSTANCE_KEY.sign(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// Verifies a JWT and returns its claims.
pub(super) fn verify(presented: &str) -> Option<Map<String, Value>> {
    let (signed, signature) = presented.rsplit_once('.')?;
    let (_, claims) = signed.split_once('.')?;
    let (claims, signature) = (legacy::decode(claims)?, legacy::decode(signature)?);
    let claims = serde_json::from_slice(&claims).ok()?;
    INSTANCE_KEY.verifies(signed.as_bytes(), &signature).then_some(claims)
}
