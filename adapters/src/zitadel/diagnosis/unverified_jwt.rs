//! Reads the claims of a JWT without verifying its signature.

use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

/// Claims that id tokens have and access tokens do not (OpenID Connect Core §2, §3.1.3.6 and
/// back-channel logout's `sid`).
const OF_ID_TOKENS: [&str; 5] = ["at_hash", "c_hash", "nonce", "sid", "azp"];

/// Last second of the year 9999, as Unix time. ZITADEL uses it for "never".
const LAST: u64 = 253_402_300_799;

/// Unverified claims of a JWT that help to explain why the JWT is inactive.
#[derive(Clone, Debug, Default)]
pub struct UnverifiedJwt {
    /// Algorithm of the signature (`alg`).
    pub algorithm: Option<String>,
    /// Id of the signing key (`kid`).
    pub key_id: Option<String>,
    /// Id of the token's OIDC session at ZITADEL, as in the event log.
    pub session: Option<String>,
    /// Issuer (`iss`).
    pub issuer: Option<String>,
    /// Subject (`sub`).
    pub subject: Option<String>,
    /// Audience (`aud`).
    pub audience: Vec<String>,
    /// Expiry (`exp`), at most the last second of the year 9999.
    pub expires_at: Option<SystemTime>,
    /// Names of claims in the token that only id tokens have.
    pub of_id_tokens: Vec<&'static str>,
    /// Wrong length of the signature; `None` if its algorithm makes that length or is unknown.
    pub damaged: Option<DamagedSignature>,
}

/// Wrong length of a signature, and the lengths that its algorithm makes.
#[derive(Clone, Copy, Debug)]
pub struct DamagedSignature {
    /// Length of the signature, in characters.
    pub length: usize,
    /// Lengths that the signature's algorithm makes, in characters.
    pub right: &'static [usize],
}

impl UnverifiedJwt {
    pub(super) fn read(
        header: &Map<String, Value>,
        payload: &Map<String, Value>,
        signature: &str,
    ) -> Self {
        let text = |claim: Option<&Value>| claim.and_then(Value::as_str).map(str::to_owned);
        let audience = match payload.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => many.iter().filter_map(|one| text(Some(one))).collect(),
            _ => Vec::new(),
        };
        let algorithm = text(header.get("alg"));
        Self {
            damaged: DamagedSignature::of(signature, algorithm.as_deref()),
            algorithm,
            key_id: text(header.get("kid")),
            session: text(payload.get("jti")).as_deref().and_then(session),
            issuer: text(payload.get("iss")),
            subject: text(payload.get("sub")),
            audience,
            expires_at: payload
                .get("exp")
                .and_then(Value::as_u64)
                .map(|exp| SystemTime::UNIX_EPOCH + Duration::from_secs(exp.min(LAST))),
            of_id_tokens: OF_ID_TOKENS
                .into_iter()
                .filter(|name| payload.contains_key(*name))
                .collect(),
        }
    }
}

impl DamagedSignature {
    fn of(signature: &str, algorithm: Option<&str>) -> Option<Self> {
        let (length, right) = (signature.len(), lengths(algorithm));
        let is_right = right.is_empty() || right.contains(&length);
        (!is_right).then_some(Self { length, right })
    }
}

/// Returns the lengths that a signature may have, in base64url characters (RFC 7518 §3, RFC 8037
/// §3.1); empty for an unknown algorithm. For RSA, ZITADEL makes keys of 2048, 3072 or 4096 bits.
fn lengths(algorithm: Option<&str>) -> &'static [usize] {
    match algorithm {
        Some("RS256" | "RS384" | "RS512") => &[342, 512, 683],
        Some("ES256" | "EdDSA") => &[86],
        Some("ES384") => &[128],
        Some("ES512") => &[176],
        _ => &[],
    }
}

/// Returns the session id in ZITADEL's `jti`: the part before the token id.
fn session(jti: &str) -> Option<String> {
    let (session, _) = jti.split_once("-at_")?;
    session.starts_with("V2_").then(|| session.to_owned())
}
