//! Compact JWE (RFC 7516 §7.1) with `A256GCMKW` (RFC 7518 §4.7) and `A256GCM` (§5.3).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::random;

#[derive(Serialize)]
struct Header<'a> {
    alg: &'static str,
    enc: &'static str,
    iv: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    tag: String,
}

/// Encrypted bytes with what decrypting them needs besides the key.
struct Sealed {
    nonce: [u8; NONCE_LEN],
    bytes: Vec<u8>,
    tag: Vec<u8>,
}

/// Encrypts a text with a fresh key, and that key with `key`.
#[expect(clippy::expect_used, reason = "a header of texts is JSON")]
pub(super) fn encrypt(key: &[u8; 32], key_id: Option<&str>, text: &str) -> String {
    let content_key: [u8; 32] = random::array();
    let wrapped = seal(key, b"", &content_key);
    let header = Header {
        alg: "A256GCMKW",
        enc: "A256GCM",
        iv: encode(wrapped.nonce),
        kid: key_id,
        tag: encode(wrapped.tag),
    };
    let header = encode(serde_json::to_vec(&header).expect("a header"));
    let content = seal(&content_key, header.as_bytes(), text.as_bytes());
    let parts = [wrapped.bytes, content.nonce.to_vec(), content.bytes, content.tag].map(encode);
    format!("{header}.{}", parts.join("."))
}

#[expect(clippy::expect_used, reason = "key, nonce and text have the sizes of AES-256-GCM")]
fn seal(key: &[u8; 32], context: &[u8], text: &[u8]) -> Sealed {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("a key of 32 bytes"));
    let nonce = random::array();
    let mut bytes = text.to_vec();
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context),
            &mut bytes,
        )
        .expect("a short text");
    Sealed { nonce, bytes, tag: tag.as_ref().to_vec() }
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
