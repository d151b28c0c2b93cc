//! Client assertions, signed like the observed ones.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use super::Stage;
use super::comparison::now;

/// Signs observed header and claims with the application's key.
pub(super) fn signed(stage: &Stage, observed: &Value) -> String {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = observed["header"]["kid"].as_str().map(str::to_owned);
    let claims = observed["claims"].as_object().unwrap().iter();
    let claims: Value =
        claims.map(|(name, value)| (name.clone(), own(stage, name, value))).collect();
    sign(&header, &claims, &stage.double.key_json())
}

/// Returns an assertion with another key and header, right otherwise.
pub(super) fn by_key(stage: &Stage, key_json: &str, algorithm: Algorithm) -> String {
    let file: Value = serde_json::from_str(key_json).unwrap();
    let mut header = Header::new(algorithm);
    header.kid = file["keyId"].as_str().map(str::to_owned);
    sign(&header, &right_claims(stage), key_json)
}

/// Returns an assertion without a signature.
pub(super) fn unsigned(stage: &Stage) -> String {
    let header = json!({ "alg": "none", "kid": "340000000000000020", "typ": "JWT" });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.", part(&header), part(&right_claims(stage)))
}

fn right_claims(stage: &Stage) -> Value {
    let client = stage.double.key_client_id().as_str();
    let (iat, exp) = (now() - 1, now() + 599);
    json!({ "iss": client, "sub": client, "aud": stage.double.issuer(), "iat": iat, "exp": exp })
}

fn sign(header: &Header, claims: &Value, key_json: &str) -> String {
    let file: Value = serde_json::from_str(key_json).unwrap();
    let key = EncodingKey::from_rsa_pem(file["key"].as_str().unwrap().as_bytes()).unwrap();
    encode(header, claims, &key).unwrap()
}

/// Returns a claim with the double's ids and current times.
fn own(stage: &Stage, name: &str, value: &Value) -> Value {
    match (name, value) {
        ("iss" | "sub", Value::String(id)) => stage.own_id(id).into(),
        ("iat" | "exp", Value::String(time)) => {
            let distance: i64 = time.strip_prefix("now").unwrap().parse().unwrap();
            // ZITADEL rounds its time before it checks `iat`: two seconds ahead are refused only
            // early in a second, three always.
            let distance = if name == "iat" && distance == 2 { 3 } else { distance };
            (now() + distance).into()
        }
        _ => value.clone(),
    }
}
