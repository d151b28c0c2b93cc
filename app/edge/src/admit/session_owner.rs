//! Owners of MCP sessions: a session id opens nothing for another principal than the one that got it.
//!
//! Nothing is remembered. The id of a service leaves with a MAC over the id and its owner, and is
//! opened again when it comes back; the service sees its own id only.
//!
//! The MAC is SipHash-2-4 with 128 bits, under a random key of 128 bits that never leaves the process.
//! It is made to authenticate short texts. A forger has only this server to try at: each of 2^128
//! values as likely as another. Behind it the service's own ids stay as hard to guess as they were.

use std::{fmt, hash::Hasher};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use domain::{Issuer, Principal};
use siphasher::sip128::{Hasher128, SipHasher24};
use subtle::ConstantTimeEq;

/// Session of the Model Context Protocol's Streamable HTTP transport.
pub const MCP_SESSION_ID: HeaderName = HeaderName::from_static("mcp-session-id");

/// Length of a seal: a dot and 32 hexadecimal digits.
const SEAL: usize = 33;

/// Seals the session ids of the services behind one guard. Those of another guard, another process or
/// an earlier start open nothing.
pub(super) struct SessionSeal {
    /// `None` where the system gives no random bytes: then no session has an owner.
    key: Option<SipHasher24>,
}

impl SessionSeal {
    /// Takes a random key.
    pub(super) fn new() -> Self {
        let mut key = [0; 16];
        let key = getrandom::fill(&mut key).is_ok().then(|| SipHasher24::new_with_key(&key));
        Self { key }
    }

    /// Opens the session id of a request: the service sees the id that it gave to `principal`. In place
    /// of any other id, and of several, it sees one that it cannot know, and answers as it does to
    /// unknown sessions.
    pub(super) fn open(&self, headers: &mut HeaderMap, principal: &Principal) {
        let mut sealed = headers.get_all(MCP_SESSION_ID).into_iter();
        let Some(first) = sealed.next() else { return };
        let own = if sealed.next().is_none() { self.opened(first, principal) } else { None };
        headers.insert(MCP_SESSION_ID, own.unwrap_or_else(unknown_id));
    }

    /// Seals the session ids of an answer for `principal`. A principal without a subject gets none, for
    /// it could not be told from others.
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

    /// Returns what follows the id in the principal's hands, in visible ASCII as the protocol wants it.
    fn seal_of(&self, id: &[u8], principal: &Principal) -> Option<String> {
        let mut hasher = self.key?;
        let subject = principal.subject.as_ref()?.as_str();
        let issuer = principal.issuer.as_ref().map_or("", Issuer::as_str);
        // Each with its length: no two triples are one text. An issuer is never empty.
        for part in [id, issuer.as_bytes(), subject.as_bytes()] {
            hasher.write(&(part.len() as u64).to_le_bytes());
            hasher.write(part);
        }
        Some(format!(".{:032x}", hasher.finish128().as_u128()))
    }
}

/// Returns a session id that no service has given away.
fn unknown_id() -> HeaderValue {
    let id = format!("{:032x}", fastrand::u128(..));
    HeaderValue::from_str(&id).unwrap_or(HeaderValue::from_static("unknown"))
}

/// Shows no key.
impl fmt::Debug for SessionSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionSeal").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
