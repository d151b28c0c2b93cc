//! RSA keys of applications and service users, and `key.json`, whose PEM is PKCS#1.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{
    KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::ids::{ClientId, KeyId, UserId};

/// Registered key: the public half verifies, the private half is returned once.
#[derive(Clone)]
pub(crate) struct SigningKey {
    /// PKCS#1 `RSAPublicKey`.
    public: Vec<u8>,
    /// PKCS#1 `RSAPrivateKey`.
    private: Vec<u8>,
}

impl SigningKey {
    #[expect(clippy::expect_used, reason = "key generation fails only without memory or entropy")]
    pub(crate) fn generate() -> Self {
        let pair = KeyPair::generate(KeySize::Rsa2048).expect("an RSA key pair");
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().expect("the key pair as PKCS#8");
        let private = pkcs1_of(pkcs8.as_ref()).expect("PKCS#8 wraps PKCS#1");
        Self { public: pair.public_key().as_ref().to_vec(), private: private.to_vec() }
    }

    /// Verifies an RS256 signature.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.public)
            .verify(message, signature)
            .is_ok()
    }

    /// Verifies a PS256 signature.
    pub(crate) fn verifies_pss(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, &self.public)
            .verify(message, signature)
            .is_ok()
    }

    /// Signs with RS256.
    #[expect(clippy::expect_used, reason = "the key was generated here")]
    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let pair = KeyPair::from_der(&self.private).expect("a private key");
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .expect("a signature");
        signature
    }

    /// Returns modulus and exponent in base64url, like a JWK.
    #[expect(clippy::expect_used, reason = "the key was generated here")]
    pub(crate) fn public_numbers(&self) -> (String, String) {
        let (numbers, _) = element(&self.public).expect("a sequence of two integers");
        let (modulus, rest) = element(numbers).expect("the modulus");
        let (exponent, _) = element(rest).expect("the exponent");
        // The zero byte only marks the integer as positive.
        let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
        (URL_SAFE_NO_PAD.encode(modulus), URL_SAFE_NO_PAD.encode(exponent))
    }

    pub(crate) fn key_json(&self, id: &KeyId, app_id: &str, client: &ClientId) -> String {
        json!({
            "type": "application",
            "keyId": id.as_str(),
            "key": self.pem(),
            "appId": app_id,
            "clientId": client.as_str(),
        })
        .to_string()
    }

    /// Returns the key file of a service user.
    pub(crate) fn service_account_json(&self, id: &KeyId, user: &UserId, expiry: &str) -> String {
        json!({
            "type": "serviceaccount",
            "keyId": id.as_str(),
            "key": self.pem(),
            "expirationDate": expiry,
            "userId": user.as_str(),
        })
        .to_string()
    }

    fn pem(&self) -> String {
        let mut pem = String::from("-----BEGIN RSA PRIVATE KEY-----\n");
        for (index, letter) in STANDARD.encode(&self.private).chars().enumerate() {
            if index > 0 && index % 64 == 0 {
                pem.push('\n');
            }
            pem.push(letter);
        }
        pem.push_str("\n-----END RSA PRIVATE KEY-----\n");
        pem
    }
}

/// Returns the `OCTET STRING` of `PrivateKeyInfo ::= SEQUENCE { INTEGER, SEQUENCE, OCTET STRING }`
/// (RFC 5208).
fn pkcs1_of(pkcs8: &[u8]) -> Option<&[u8]> {
    let (info, _) = element(pkcs8)?;
    let (_version, rest) = element(info)?;
    let (_algorithm, rest) = element(rest)?;
    element(rest).map(|(private_key, _)| private_key)
}

/// Splits off a DER element: content and rest.
fn element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_tag, rest) = der.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (length, rest) = rest.split_at_checked(usize::from(*first & 0x7f))?;
        (length.iter().fold(0, |sum: usize, byte| (sum << 8) | usize::from(*byte)), rest)
    };
    rest.split_at_checked(length)
}
