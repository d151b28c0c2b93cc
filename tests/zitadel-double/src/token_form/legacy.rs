//! The older opaque form: base64url of an initialization vector and AES-CFB, without a MAC.
//!
//! Damage at the end changes the end of the text without an error.

use aws_lc_rs::cipher::{
    AES_256, DecryptingKey, DecryptionContext, EncryptingKey, UnboundCipherKey,
};
use aws_lc_rs::iv::{FixedLength, IV_LEN_128_BIT};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::{NO_PAD, URL_SAFE_NO_PAD};
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};

/// Base64 that accepts excess bits in the last character, like Go.
const LENIENT: GeneralPurposeConfig = NO_PAD.with_decode_allow_trailing_bits(true);

#[expect(clippy::expect_used, reason = "the key has the size of AES-256")]
pub(super) fn encrypt(key: &[u8; 32], text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    let key = UnboundCipherKey::new(&AES_256, key).and_then(EncryptingKey::cfb128);
    let context = key.and_then(|key| key.encrypt(&mut bytes)).expect("a text as bytes");
    let vector: &[u8] = (&context).try_into().expect("CFB has an initialization vector");
    URL_SAFE_NO_PAD.encode([vector, &bytes].concat())
}

/// Returns the bytes; `None` unless the string is base64url of at least a vector.
pub(super) fn decrypt(key: &[u8; 32], presented: &str) -> Option<Vec<u8>> {
    let mut bytes = decode(presented)?;
    let (vector, text) = bytes.split_at_mut_checked(IV_LEN_128_BIT)?;
    let context = DecryptionContext::Iv128(FixedLength::try_from(&*vector).ok()?);
    let key = UnboundCipherKey::new(&AES_256, key).and_then(DecryptingKey::cfb128).ok()?;
    key.decrypt(text, context).ok().map(|text| text.to_vec())
}

/// Decodes base64url like Go, skipping line breaks.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|letter| !['\r', '\n'].contains(letter)).collect();
    GeneralPurpose::new(&URL_SAFE, LENIENT).decode(text).ok()
}
