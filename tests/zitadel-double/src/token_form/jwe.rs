//! Compact JWE (RFC 7516 §7.1) with `A256GCMKW` (RFC 7518 §4.7) and `A256GCM` (§5.3).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::random;

#[derive(Deserialize, Serialize)]
struct Header {
    alg: String,
    enc: String,
    iv: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    tag: String,
}

/// Ciphertext with the values for decryption, except the key.
struct Sealed {
    nonce: [u8; NONCE_LEN],
    bytes: Vec<u8>,
    tag: Vec<u8>,
}

/// Encrypts a text with a new key, and that key with `key`.
#[expect(clippy::expect_used, reason = "a header of texts is JSON")]
pub(super) fn encrypt(key: &[u8; 32], key_id: Option<&str>, text: &str) -> String {
    let content_key: [u8; 32] = random::array();
    let wrapped = seal(key, b"", &content_key);
    let header = Header {
        alg: "A256GCMKW".to_owned(),
        enc: "A256GCM".to_owned(),
        iv: encode(wrapped.nonce),
        kid: key_id.map(str::to_owned),
        tag: encode(wrapped.tag),
    };
    let header = encode(serde_json::to_vec(&header).expect("a header"));
    let content = seal(&content_key, header.as_bytes(), text.as_bytes());
    let parts = [wrapped.bytes, content.nonce.to_vec(), content.bytes, content.tag].map(encode);
    format!("{header}.{}", parts.join("."))
}

/// Returns the text; `None` after any change.
pub(super) fn decrypt(key: &[u8; 32], compact: &str) -> Option<Vec<u8>> {
    let [header, wrapped_key, nonce, text, tag] =
        compact.split('.').collect::<Vec<_>>().try_into().ok()?;
    let read: Header = serde_json::from_slice(&decode(header)?).ok()?;
    let wrapped = Sealed {
        nonce: decode(&read.iv)?.try_into().ok()?,
        bytes: decode(wrapped_key)?,
        tag: decode(&read.tag)?,
    };
    let content_key = open(key, b"", wrapped)?.try_into().ok()?;
    let nonce = decode(nonce)?.try_into().ok()?;
    let content = Sealed { nonce, bytes: decode(text)?, tag: decode(tag)? };
    open(&content_key, header.as_bytes(), content)
}

fn open(key: &[u8; 32], context: &[u8], sealed: Sealed) -> Option<Vec<u8>> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).ok()?);
    let nonce = Nonce::assume_unique_for_key(sealed.nonce);
    let mut bytes = [sealed.bytes, sealed.tag].concat();
    let text = key.open_in_place(nonce, Aad::from(context), &mut bytes).ok()?;
    Some(text.to_vec())
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok()
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
