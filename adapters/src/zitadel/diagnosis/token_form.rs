//! What a token looks like from outside: opaque, or a JWT whose parts anybody can read.
//!
//! Nothing here is verified. It serves to say where to look, never to let anybody in.

use std::time::SystemTime;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::AccessToken;
use serde_json::{Map, Value};

use super::{instant::Instant, listed, shown};

/// Characters of a personal access token: 16 bytes, an id, a colon and an id of 18 digits each, in
/// base64url.
const PERSONAL_ACCESS_TOKEN_LENGTH: usize = 71;

/// No access token of ZITADEL is shorter: 16 bytes and two ids are in it, in base64url.
const SHORTEST: usize = 40;

/// Claims that id tokens have and access tokens do not (OpenID Connect Core §2, §3.1.3.6 and
/// back-channel logout's `sid`).
const OF_ID_TOKENS: [&str; 5] = ["at_hash", "c_hash", "nonce", "sid", "azp"];

pub(super) enum TokenForm {
    /// It says nothing, and is long enough.
    Opaque {
        /// Whether it is as long as ZITADEL's personal access tokens are.
        like_a_personal_access_token: bool,
    },
    /// It says nothing, and is shorter than any of ZITADEL's.
    Short,
    /// It says nothing, and is not base64url, as ZITADEL's are.
    OfOtherCharacters,
    /// It begins as a JWT does, and cannot be read as one.
    BrokenJwt,
    /// Five parts: an encrypted JWT (RFC 7516).
    Encrypted,
    /// Three parts, two of which can be read.
    Jwt(Box<UnverifiedJwt>),
}

/// What a JWT says of itself, which may be a lie.
#[derive(Default)]
pub(super) struct UnverifiedJwt {
    algorithm: Option<String>,
    key_id: Option<String>,
    pub(super) issuer: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) audience: Vec<String>,
    pub(super) expires_at: Option<Instant>,
    /// Those of its claims that only id tokens have.
    pub(super) of_id_tokens: Vec<&'static str>,
    /// Whether its signature is shorter than its algorithm makes them.
    pub(super) is_cut_off: bool,
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
            [header, _, _, _, _] if object(header).is_some() => Self::Encrypted,
            _ if begins_as_jwt(token) => Self::BrokenJwt,
            _ => Self::opaque(token),
        }
    }

    fn opaque(token: &str) -> Self {
        let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if token.len() < SHORTEST {
            Self::Short
        } else if token.bytes().all(is_base64url) {
            let like_a_personal_access_token = token.len() == PERSONAL_ACCESS_TOKEN_LENGTH;
            Self::Opaque { like_a_personal_access_token }
        } else {
            Self::OfOtherCharacters
        }
    }

    /// In words that fit behind "the token is".
    pub(super) fn describe(&self, token: &AccessToken<'_>, now: SystemTime) -> String {
        let length = token.expose_secret().len();
        match self {
            Self::Opaque { like_a_personal_access_token: true } => {
                format!("opaque, of {length} characters, as ZITADEL's personal access tokens are")
            }
            Self::Opaque { .. } | Self::Short | Self::OfOtherCharacters => {
                format!("opaque, of {length} characters")
            }
            Self::BrokenJwt => {
                format!("of {length} characters, begins as a JWT does, and cannot be read as one")
            }
            Self::Encrypted => format!("an encrypted JWT (JWE) of {length} characters"),
            Self::Jwt(jwt) => format!("a JWT of {length} characters, which says {}", jwt.says(now)),
        }
    }
}

impl UnverifiedJwt {
    fn says(&self, now: SystemTime) -> String {
        let said = |text: &Option<String>| text.as_deref().map_or_else(|| "none".to_owned(), shown);
        let expires_at = self.expires_at.map_or_else(|| "none".to_owned(), |exp| exp.describe(now));
        format!(
            "(unverified) alg {}, kid {}, iss {}, aud [{}], exp {expires_at}",
            said(&self.algorithm),
            said(&self.key_id),
            said(&self.issuer),
            listed(self.audience.iter().map(String::as_str)),
        )
    }

    fn read(header: &Map<String, Value>, payload: &Map<String, Value>, signature: &str) -> Self {
        let text = |claim: Option<&Value>| claim.and_then(Value::as_str).map(str::to_owned);
        let audience = match payload.get("aud") {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) => many.iter().filter_map(|one| text(Some(one))).collect(),
            _ => Vec::new(),
        };
        let algorithm = text(header.get("alg"));
        Self {
            is_cut_off: signature.len() < shortest_signature(algorithm.as_deref()),
            algorithm,
            key_id: text(header.get("kid")),
            issuer: text(payload.get("iss")),
            subject: text(payload.get("sub")),
            audience,
            expires_at: payload.get("exp").and_then(Value::as_u64).map(Instant::from_seconds),
            of_id_tokens: OF_ID_TOKENS
                .into_iter()
                .filter(|name| payload.contains_key(*name))
                .collect(),
        }
    }
}

/// How many characters of base64url a signature has at least (RFC 7518 §3; RSA keys are of 2048 bits
/// or more).
fn shortest_signature(algorithm: Option<&str>) -> usize {
    match algorithm {
        Some("RS256" | "RS384" | "RS512") => 342,
        Some("ES256" | "EdDSA") => 86,
        Some("ES384") => 128,
        Some("ES512") => 176,
        _ => 0,
    }
}

/// `{"` in base64url.
fn begins_as_jwt(token: &str) -> bool {
    token.starts_with("eyJ")
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}
