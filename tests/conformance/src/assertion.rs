//! Signed assertions of clients and of service users (RFC 7523).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RSA_PSS_SHA256, RsaEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::Error;
use crate::clock::{early_in_a_second, unix_now};
use crate::management::KeyFile;

pub(crate) struct Key {
    pub(crate) id: String,
    pair: KeyPair,
}

impl Key {
    /// Parses ZITADEL's key file, whose PEM is PKCS#1.
    pub(crate) fn read(file: &KeyFile) -> Result<Self, Error> {
        let broken = |because| move |_| Error::Key(because);
        let file: Value =
            serde_json::from_str(file.0.reveal()).map_err(|_| Error::Key("it is no JSON"))?;
        let text = |member| file.get(member).and_then(Value::as_str);
        let (id, pem) = (text("keyId"), text("key"));
        let id = id.ok_or(Error::Key("it has no keyId"))?.to_owned();
        let lines = pem.ok_or(Error::Key("it has no key"))?.lines();
        let base64: String = lines.filter(|line| !line.starts_with("-----")).collect();
        let der = STANDARD.decode(base64).map_err(|_| Error::Key("its PEM is no base64"))?;
        let pair = KeyPair::from_der(&der).map_err(broken("its key is no RSA key by PKCS#1"))?;
        Ok(Self { id, pair })
    }

    /// Signs claims with RS256.
    pub(crate) fn sign(&self, claims: &Value) -> Result<String, Error> {
        self.sign_with(&json!({ "alg": "RS256", "kid": self.id, "typ": "JWT" }), claims)
    }

    /// Signs by the algorithm of the header.
    pub(crate) fn sign_with(&self, header: &Value, claims: &Value) -> Result<String, Error> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let algorithm: &'static dyn RsaEncoding = match header.get("alg").and_then(Value::as_str) {
            Some("RS256") => &RSA_PKCS1_SHA256,
            Some("RS512") => &RSA_PKCS1_SHA512,
            Some("PS256") => &RSA_PSS_SHA256,
            _ => return Ok(format!("{message}.")),
        };
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let signed =
            self.pair.sign(algorithm, &SystemRandom::new(), message.as_bytes(), &mut signature);
        signed.map_err(|_| Error::Key("it does not sign"))?;
        Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// Returns a client assertion's required claims.
pub(crate) fn claims(subject: &str, issuer: &str) -> Value {
    let now = unix_now();
    let jti: String = std::iter::repeat_with(fastrand::alphanumeric).take(24).collect();
    json!({
        "iss": subject, "sub": subject, "aud": issuer, "jti": jti, "iat": now - 1, "exp": now + 599,
    })
}

/// Replaces texts such as `now-1` with times.
pub(crate) async fn with_times(claims: &Value) -> Value {
    let offset = |value: &Value| value.as_str()?.strip_prefix("now")?.parse::<i64>().ok();
    let members = claims.as_object().cloned().unwrap_or_default();
    if members.values().filter_map(offset).any(|offset| (1..=4).contains(&offset)) {
        early_in_a_second().await;
    }
    let now = unix_now();
    let timed = members.into_iter().map(|(name, value)| {
        let time = offset(&value).map(|offset| json!(now + offset));
        (name, time.unwrap_or(value))
    });
    Value::Object(timed.collect())
}
