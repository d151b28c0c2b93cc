//! Binds MCP sessions to owners: a session id is valid only for the principal that received this
//! id.
//!
//! The guard appends to each session id a MAC over the id and its owner, and checks and removes the
//! MAC when the id comes back: the service sees only its own id. The MAC is SipHash-2-4 with 128
//! bits, under a random key of 128 bits that never leaves the process.

use std::{fmt, hash::Hasher};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use domain::{Issuer, Principal};
use siphasher::sip128::{Hasher128, SipHasher24};
use subtle::ConstantTimeEq;

/// Header with the session id of MCP's Streamable HTTP transport.
pub const MCP_SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// Length in bytes of the seal that binds a session id to its owner: a dot, and a MAC of 32
/// hexadecimal digits.
const SEAL: usize = 33;

/// Seals the session ids of the services behind one guard, by appending a MAC. Ids sealed by
/// another guard or process count as unknown.
pub(super) struct SessionSeal {
    /// Key of the MAC that binds a session id to its owner. `None` if no random bytes were
    /// available; no session id is then valid.
    key: Option<SipHasher24>,
}

impl SessionSeal {
    pub(super) fn new() -> Self {
        let mut key = [0; 16];
        let key = getrandom::fill(&mut key).is_ok().then(|| SipHasher24::new_with_key(&key));
        Self { key }
    }

    /// Removes the seal (an appended MAC) from a request's session id if the seal was made for
    /// `principal`. Replaces any other id, or more than one, by a random id, which the service
    /// rejects as unknown.
    pub(super) fn open(&self, headers: &mut HeaderMap, principal: &Principal) {
        let mut sealed = headers.get_all(MCP_SESSION_ID).into_iter();
        let Some(first) = sealed.next() else { return };
        let own = if sealed.next().is_none() { self.opened(first, principal) } else { None };
        headers.insert(MCP_SESSION_ID, own.unwrap_or_else(unknown_id));
    }

    /// Appends to each session id in a response a MAC that binds the id to `principal`. Removes the
    /// ids if the principal has no subject, or this guard no key.
    pub(super) fn seal(&self, headers: &mut HeaderMap, principal: &Principal) {
        if !headers.contains_key(MCP_SESSION_ID) {
            return;
        }
        let ids = headers.get_all(MCP_SESSION_ID).into_iter();
        let sealed: Vec<_> = ids.filter_map(|id| self.sealed(id, principal)).collect();
        headers.remove(MCP_SESSION_ID);
        for id in sealed {
            headers.append(MCP_SESSION_ID, id);
        }
    }

    fn opened(&self, sealed: &HeaderValue, principal: &Principal) -> Option<HeaderValue> {
        let sealed = sealed.as_bytes();
        let (id, seal) = sealed.split_at_checked(sealed.len().checked_sub(SEAL)?)?;
        let own = self.seal_of(id, principal)?;
        let is_own = bool::from(own.as_bytes().ct_eq(seal));
        is_own.then(|| HeaderValue::from_bytes(id).ok()).flatten()
    }

    fn sealed(&self, id: &HeaderValue, principal: &Principal) -> Option<HeaderValue> {
        let seal = self.seal_of(id.as_bytes(), principal)?;
        HeaderValue::from_bytes(&[id.as_bytes(), seal.as_bytes()].concat()).ok()
    }

    /// Returns the seal for the session id `id`: a MAC over the id and its owner `principal`, in
    /// visible ASCII as MCP requires. `None` without a key or a subject.
    fn seal_of(&self, id: &[u8], principal: &Principal) -> Option<String> {
        let mut hasher = self.key?;
        let subject = principal.subject.as_ref()?.as_str();
        let issuer = principal.issuer.as_ref().map_or("", Issuer::as_str);
        // Each part has its length before it, so that no two triples hash the same text. An issuer
        // is never empty.
        for part in [id, issuer.as_bytes(), subject.as_bytes()] {
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part);
        }
        Some(format!(".{:032x}", hasher.finish128().as_u128()))
    }
}

fn unknown_id() -> HeaderValue {
    let id = format!("{:032x}", fastrand::u128(..));
    HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown"))
}

/// Omits the key.
impl fmt::Debug for SessionSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSeal").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
