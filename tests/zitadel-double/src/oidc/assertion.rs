//! `private_key_jwt` (RFC 7523 §3): an assertion, parsed and checked as by ZITADEL.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::clock::unix_micros;
use crate::ids::{ClientId, KeyId};
use crate::violation::ClientRefusal;
use crate::world::{RegisteredKey, World};

/// Maximum age, and recommended maximum lifetime, of an assertion in seconds.
pub(super) const ONE_HOUR: i64 = 3600;

/// Parsed but unverified assertion.
pub(super) struct Assertion {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

/// Returns a client assertion's `kid`.
pub(crate) fn key_id(compact: &str) -> Option<KeyId> {
    Assertion::parse(compact)?.key_id()
}

impl Assertion {
    /// Parses three base64url parts, of which two are JSON objects.
    pub(super) fn parse(compact: &str) -> Option<Self> {
        let (signed, signature) = compact.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        Some(Self {
            header: serde_json::from_slice(&decode(header)?).ok()?,
            claims: serde_json::from_slice(&decode(claims)?).ok()?,
            signed: signed.as_bytes().to_vec(),
            signature: decode(signature)?,
        })
    }

    pub(super) fn issuer(&self) -> &str {
        self.text("iss").unwrap_or_default()
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.text("jti").filter(|id| !id.is_empty())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    fn key_id(&self) -> Option<KeyId> {
        self.header("kid").map(KeyId::from)
    }

    /// Returns the seconds from `iat` to `exp`.
    pub(super) fn lifetime(&self) -> Option<i64> {
        Some(self.time("exp")?.saturating_sub(self.time("iat")?))
    }

    pub(super) fn check(&self, world: &World, issuer: &str) -> Result<(), ClientRefusal> {
        self.check_claims(issuer, unix_micros())?;
        let client = ClientId::from(self.issuer());
        let app = world.apps.get(&client).ok_or(ClientRefusal::UnknownClient)?;
        if !world.may_introspect(app) {
            return Err(ClientRefusal::Deactivated);
        }
        if !app.has_keys() {
            return Err(ClientRefusal::OtherAuthentication);
        }
        if self.key_id().is_some_and(|id| !world.log.rows.shows(id)) {
            return Err(ClientRefusal::Deactivated);
        }
        self.check_signature(&app.keys)
    }

    /// Checks an assertion by a service user's own key.
    pub(super) fn check_user(
        &self,
        keys: &BTreeMap<KeyId, RegisteredKey>,
        issuer: &str,
    ) -> Result<(), ClientRefusal> {
        self.check_claims(issuer, unix_micros())?;
        self.check_signature(keys)
    }

    fn check_signature(&self, keys: &BTreeMap<KeyId, RegisteredKey>) -> Result<(), ClientRefusal> {
        let kid = self.key_id().ok_or(ClientRefusal::UnknownKey)?;
        let key = keys.get(&kid).ok_or(ClientRefusal::UnknownKey)?;
        let key = key.usable().ok_or(ClientRefusal::KeyExpired)?;
        let verifies = match self.header("alg") {
            Some("RS256") => key.verifies(&self.signed, &self.signature),
            Some("PS256") => key.verifies_pss(&self.signed, &self.signature),
            _ => return Err(ClientRefusal::Algorithm),
        };
        if verifies { Ok(()) } else { Err(ClientRefusal::Signature) }
    }

    fn check_claims(&self, issuer: &str, micros: i64) -> Result<(), ClientRefusal> {
        let now = micros / 1_000_000;
        if self.text("iss").is_none() || self.text("iss") != self.text("sub") {
            return Err(ClientRefusal::IssuerAndSubject);
        }
        let for_us = match self.claims.get("aud") {
            Some(Value::String(audience)) => audience == issuer,
            Some(Value::Array(audiences)) => audiences.iter().any(|one| one == issuer),
            _ => false,
        };
        if !for_us {
            return Err(ClientRefusal::Audience);
        }
        // The extra second makes it expire early.
        if self.time("exp").is_none_or(|expiry| expiry <= now.saturating_add(1)) {
            return Err(ClientRefusal::Expired);
        }
        // ZITADEL rounds its own time here, but truncates it above.
        let rounded = micros.saturating_add(500_000) / 1_000_000;
        match self.time("iat") {
            None => Err(ClientRefusal::NoIssuedAt),
            Some(signed_at) if signed_at > rounded.saturating_add(1) => {
                Err(ClientRefusal::IssuedInTheFuture)
            }
            Some(signed_at) if signed_at < rounded.saturating_sub(ONE_HOUR) => {
                Err(ClientRefusal::IssuedTooLongAgo)
            }
            Some(_) => Ok(()),
        }
    }

    fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    #[expect(clippy::cast_possible_truncation, reason = "the fraction is meant to be cut off")]
    fn time(&self, claim: &str) -> Option<i64> {
        let value = self.claims.get(claim)?;
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
    }
}
