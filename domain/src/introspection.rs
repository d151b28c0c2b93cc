//! What the authorization server knows about a token: facts, before anyone judged them.

use std::{sync::Arc, time::SystemTime};

use crate::{Principal, TokenId};

/// The authorization server's verdict on a token (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// The server vouches for the token, with what it says about it.
    Active(ActiveToken),
    /// The token is unknown, expired, revoked or not meant for this API: the server does not say.
    Inactive,
}

/// What the server says about a token that it calls active: when it is valid, and for whom it
/// speaks. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActiveToken {
    /// `exp`: the token is not valid at this time or after it.
    pub expires_at: Option<SystemTime>,
    /// `nbf`: the token is not valid before this time.
    pub not_before: Option<SystemTime>,
    /// Whether there is a `cnf` claim: the token is bound to a key of its owner (RFC 7800), and
    /// is worth nothing to somebody who does not prove possession of that key.
    pub key_bound: bool,
    /// `jti`: names the token, where the server does.
    pub id: Option<TokenId>,
    /// Whom the token speaks for.
    pub principal: Arc<Principal>,
}
