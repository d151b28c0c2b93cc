//! Tells what a token looks like from outside: opaque, or a JWT whose parts anybody can read.
//!
//! Nothing here is verified. It serves to say where to look, never to let anybody in.

use std::time::SystemTime;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::AccessToken;
use serde_json::{Map, Value};

use super::{characters, unverified_jwt::UnverifiedJwt};

/// Characters of an opaque personal access token whose ids ZITADEL made: 16 bytes, an id, a colon
/// and an id of 18 digits each, in base64url.
pub(super) const PERSONAL_ACCESS_TOKEN_LENGTH: usize = 71;

/// Characters of the shortest opaque token of a session in which the token's id, of 43 characters,
/// is whole. What follows the id ZITADEL does not read.
const SHORTEST_OF_SESSION: usize = 79;

/// No opaque token of ZITADEL is shorter: 16 bytes and two ids are in it, in base64url.
const SHORTEST: usize = 40;

/// Characters of the client secrets that ZITADEL generates, letters and digits.
const CLIENT_SECRET_LENGTH: usize = 64;

/// Characters of the encrypted key, the initialization vector and the tag of a JWE by A256GCMKW
/// and A256GCM (RFC 7518 §4.7, §5.3).
const NEWER_OPAQUE_LENGTHS: [usize; 3] = [43, 16, 22];

pub(super) enum TokenForm {
    /// Base64url text that says nothing.
    Opaque,
    /// The same, as long as ZITADEL's personal access tokens are.
    PersonalAccessToken,
    /// The same, neither as long as a personal access token nor long enough for that of a session.
    BetweenLengths,
    /// It looks as the client secrets that ZITADEL generates.
    ClientSecret,
    /// It says nothing, and is shorter than any of ZITADEL's.
    Short,
    /// It says nothing, and has more or fewer characters than any base64url text.
    NoBase64url,
    /// It says nothing, and has characters that base64url does not have.
    OfOtherCharacters,
    /// It begins as a JWT does, and cannot be read as one.
    BrokenJwt,
    /// The opaque token of a newer ZITADEL: a JWE, of which nothing more can be read.
    NewerOpaque {
        /// A part of it does not have the length that its algorithms make.
        is_damaged: bool,
    },
    /// Five parts: another encrypted JWT (RFC 7516).
    Encrypted,
    /// Three parts, two of which can be read.
    Jwt(Box<UnverifiedJwt>),
}

impl TokenForm {
    pub(super) fn read(token: &AccessToken<'_>) -> Self {
        let token = token.expose_secret();
        let parts: Vec<_> = token.split('.').collect();
        match parts.as_slice() {
            [header, payload, signature] => match (object(header), object(payload)) {
                (Some(header), Some(payload)) => {
                    Self::Jwt(Box::new(UnverifiedJwt::read(&header, &payload, signature)))
                }
                _ if begins_as_jwt(token) => Self::BrokenJwt,
                _ => Self::opaque(token),
            },
            [header, key, vector, text, tag] => match object(header) {
                Some(header) if is_newer_opaque(&header) => {
                    let lengths = [key, vector, tag].map(|part| part.len());
                    let is_damaged = lengths != NEWER_OPAQUE_LENGTHS || !is_base64url(text);
                    Self::NewerOpaque { is_damaged }
                }
                Some(_) => Self::Encrypted,
                None if begins_as_jwt(token) => Self::BrokenJwt,
                None => Self::opaque(token),
            },
            _ if begins_as_jwt(token) => Self::BrokenJwt,
            _ => Self::opaque(token),
        }
    }

    fn opaque(token: &str) -> Self {
        let length = token.len();
        if length < SHORTEST {
            Self::Short
        } else if !token.bytes().all(of_base64url) {
            Self::OfOtherCharacters
        } else if !is_base64url(token) {
            Self::NoBase64url
        } else if length == PERSONAL_ACCESS_TOKEN_LENGTH {
            Self::PersonalAccessToken
        } else if length == CLIENT_SECRET_LENGTH
            && token.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            Self::ClientSecret
        } else if length < SHORTEST_OF_SESSION {
            Self::BetweenLengths
        } else {
            Self::Opaque
        }
    }

    /// In words that fit behind "the token is".
    pub(super) fn describe(&self, token: &AccessToken<'_>, now: SystemTime) -> String {
        let length = characters(token.expose_secret().len());
        match self {
            Self::PersonalAccessToken => {
                format!("opaque, of {length}, as ZITADEL's personal access tokens are")
            }
            Self::Opaque
            | Self::BetweenLengths
            | Self::Short
            | Self::NoBase64url
            | Self::OfOtherCharacters => format!("opaque, of {length}"),
            Self::ClientSecret => {
                format!("{length}, letters and digits, as ZITADEL's client secrets are")
            }
            Self::BrokenJwt => {
                format!("of {length}, begins as a JWT does, and cannot be read as one")
            }
            Self::NewerOpaque { .. } => {
                format!("opaque, of {length}, in the form of newer versions of ZITADEL (JWE)")
            }
            Self::Encrypted => format!("an encrypted JWT (JWE) of {length}"),
            Self::Jwt(jwt) => format!("a JWT of {length}, which says {}", jwt.says(now)),
        }
    }
}

fn is_newer_opaque(header: &Map<String, Value>) -> bool {
    let names = |member: &str, algorithm: &str| {
        header.get(member).and_then(Value::as_str) == Some(algorithm)
    };
    names("alg", "A256GCMKW") && names("enc", "A256GCM")
}

fn of_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// Four characters make three bytes; one alone makes none.
fn is_base64url(text: &str) -> bool {
    text.bytes().all(of_base64url) && text.len() % 4 != 1
}

/// `{"` in base64url.
fn begins_as_jwt(token: &str) -> bool {
    token.starts_with("eyJ")
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
