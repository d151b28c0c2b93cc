//! Random tokens and secrets in ZITADEL's formats.

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const LETTERS_AND_DIGITS: &[u8; 62] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Returns `length` random bytes in unpadded base64url, the format of an encrypted token id.
pub(crate) fn base64url(length: usize) -> String {
    URL_SAFE_NO_PAD.encode(bytes(length))
}

/// Returns a random key or nonce.
#[expect(clippy::expect_used, reason = "a machine without randomness can run no test")]
pub(crate) fn array<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// Returns a client secret: 64 characters of `[A-Za-z0-9]`.
pub(crate) fn client_secret() -> String {
    letters_and_digits(64)
}

/// Returns a webhook's signing key: 36 characters of `[A-Za-z0-9]`.
pub(crate) fn signing_key() -> String {
    letters_and_digits(36)
}

fn letters_and_digits(length: usize) -> String {
    bytes(length)
        .into_iter()
        .filter_map(|byte| LETTERS_AND_DIGITS.get(usize::from(byte) % LETTERS_AND_DIGITS.len()))
        .map(|letter| char::from(*letter))
        .collect()
}

#[expect(clippy::expect_used, reason = "a machine without randomness can run no test")]
fn bytes(length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}
