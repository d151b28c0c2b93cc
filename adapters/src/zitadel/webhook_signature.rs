//! Verifies the signature of ZITADEL's webhooks: `Zitadel-Signature: t=<seconds>,v1=<hex>`, an
//! HMAC-SHA256 over `<seconds>.<body>`.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lc_rs::{constant_time::verify_slices_are_equal, digest::SHA256_OUTPUT_LEN, hmac};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

/// Name of the HTTP header with the signature.
pub const SIGNATURE_HEADER: &str = "zitadel-signature";

/// Maximum age of a webhook delivery that is accepted.
const TOO_OLD: Duration = Duration::from_secs(300);

const MAX_HEADER: usize = 1024;

/// Minimum length, in bytes, of a signing key that is accepted. ZITADEL's keys have 36.
const MIN_KEY: usize = 16;

/// Signing key of a ZITADEL webhook target, or two keys while one replaces the other.
#[derive(Clone, Debug)]
pub struct SigningKeys(Vec<SecretString>);

/// Reason why a text holds no usable signing keys. The reason repeats nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SigningKeysError {
    /// The file of signing keys is empty or has only blank lines.
    #[error("the file holds no signing key")]
    None,
    /// The file of the webhook's signing keys has more than two: the current one and the next.
    #[error("the file has more than two lines: it takes one signing key, or two, on a line each")]
    TooMany,
    /// A signing key is shorter than 16 bytes.
    #[error("a line is shorter than {MIN_KEY} characters, and so no signing key of ZITADEL")]
    TooShort,
    /// A signing key has a character that is not visible ASCII, such as a space.
    #[error("a line has a character that no signing key of ZITADEL has")]
    ForbiddenCharacter,
}

/// Reason why a webhook delivery is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InvalidSignature {
    /// The delivery has no signature header.
    Missing,
    /// The signature header is repeated, or does not hold exactly one time and at least one
    /// signature.
    Malformed,
    /// No signature in the delivery's signature header was made with any of the configured signing
    /// keys.
    UnknownKey,
    /// The delivery was signed more than five minutes ago.
    Old,
    /// The delivery was signed in the future, by this machine's clock.
    Future,
}

impl SigningKeys {
    /// Reads signing keys, one per line; blank lines are ignored.
    ///
    /// # Errors
    /// When there are no keys, more than two, or one that cannot be ZITADEL's.
    pub fn parse(text: &str) -> Result<Self, SigningKeysError> {
        let keys: Vec<_> = text.lines().map(str::trim).filter(|key| !key.is_empty()).collect();
        if keys.is_empty() {
            return Err(SigningKeysError::None);
        }
        if keys.len() > 2 {
            return Err(SigningKeysError::TooMany);
        }
        if !keys.iter().all(|key| key.bytes().all(|byte| byte.is_ascii_graphic())) {
            return Err(SigningKeysError::ForbiddenCharacter);
        }
        if keys.iter().any(|key| key.len() < MIN_KEY) {
            return Err(SigningKeysError::TooShort);
        }
        Ok(Self(keys.into_iter().map(SecretString::from).collect()))
    }

    /// Verifies the signature of a delivery that arrived at `now`; `headers` are the delivery's
    /// values of [`SIGNATURE_HEADER`].
    ///
    /// # Errors
    /// When the signature was not made with one of the keys, or not within the last five minutes.
    pub fn verify<'a>(
        &self,
        headers: impl IntoIterator<Item = &'a [u8]>,
        body: &[u8],
        now: SystemTime,
    ) -> Result<(), InvalidSignature> {
        let mut headers = headers.into_iter();
        let header = headers.next().ok_or(InvalidSignature::Missing)?;
        if headers.next().is_some() {
            return Err(InvalidSignature::Malformed);
        }
        let Header { time, signed_at, signatures } =
            Header::parse(header).ok_or(InvalidSignature::Malformed)?;
        let is_by = |key: &SecretString| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret().as_bytes());
            let mut message = hmac::Context::with_key(&key);
            for part in [time.as_bytes(), b".", body] {
                message.update(part);
            }
            let expected = message.sign();
            let is_equal = |it: &[u8; SHA256_OUTPUT_LEN]| {
                verify_slices_are_equal(expected.as_ref(), it).is_ok()
            };
            signatures.iter().any(is_equal)
        };
        if !self.0.iter().any(is_by) {
            return Err(InvalidSignature::UnknownKey);
        }
        match now.duration_since(signed_at) {
            Err(_) => Err(InvalidSignature::Future),
            Ok(age) if age > TOO_OLD => Err(InvalidSignature::Old),
            Ok(_) => Ok(()),
        }
    }
}

impl PartialEq for SigningKeys {
    fn eq(&self, other: &Self) -> bool {
        self.0
            .iter()
            .map(ExposeSecret::expose_secret)
            .eq(other.0.iter().map(ExposeSecret::expose_secret))
    }
}

/// Time and signatures in the signature header, whose other parts are ignored.
struct Header<'a> {
    /// Time of the signature as the header spells it, which is part of the signed message.
    time: &'a str,
    signed_at: SystemTime,
    signatures: Vec<[u8; SHA256_OUTPUT_LEN]>,
}

impl<'a> Header<'a> {
    fn parse(header: &'a [u8]) -> Option<Self> {
        let header = str::from_utf8(header).ok().filter(|header| header.len() <= MAX_HEADER)?;
        let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
        let values = |name| parts().filter(move |(part, _)| *part == name).map(|(_, value)| value);
        let mut times = values("t");
        let time = times.next().filter(|time| time.bytes().all(|byte| byte.is_ascii_digit()))?;
        if times.next().is_some() {
            return None;
        }
        let seconds = Duration::from_secs(time.parse().ok()?);
        let signed_at = UNIX_EPOCH.checked_add(seconds)?;
        let signatures: Vec<_> = values("v1").filter_map(signature).collect();
        (!signatures.is_empty()).then_some(Self { time, signed_at, signatures })
    }
}

fn signature(hex: &str) -> Option<[u8; SHA256_OUTPUT_LEN]> {
    let (pairs, []) = hex.as_bytes().as_chunks::<2>() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = pairs.iter().map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?));
    bytes.collect::<Option<Vec<_>>>()?.try_into().ok()
}

impl InvalidSignature {
    /// All reasons why a delivery is refused, in the order of declaration.
    pub const ALL: [Self; 5] =
        [Self::Missing, Self::Malformed, Self::UnknownKey, Self::Old, Self::Future];

    /// Returns the reason for refusing a webhook delivery as one word, such as `unknown_key`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::UnknownKey => "unknown_key",
            Self::Old => "old",
            Self::Future => "future",
        }
    }

    /// Returns a text for operators: the likely cause of this error, and its remedy.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Missing => {
                "there is no Zitadel-Signature: the caller is not ZITADEL, or a proxy takes the header \
                 away"
            }
            Self::Malformed => {
                "the Zitadel-Signature is none that ZITADEL writes: the caller is not ZITADEL, or a \
                 proxy changes the header"
            }
            Self::UnknownKey => {
                "the signature is by no key of changes.webhook.key_file: the key of the target was \
                 replaced, the file has another target's, a proxy changes the body, or the caller is \
                 not ZITADEL; put the target's signingKey into the file"
            }
            Self::Old => {
                "the signature is more than five minutes old: this machine's clock is ahead of \
                 ZITADEL's, or an old delivery is sent again; synchronize both clocks"
            }
            Self::Future => {
                "the signature is from the future: this machine's clock is behind ZITADEL's; \
                 synchronize both clocks"
            }
        }
    }
}

impl fmt::Display for InvalidSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests;
