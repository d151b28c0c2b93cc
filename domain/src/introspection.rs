//! The authorization server's verdict on a token, before a rule is applied.

use std::{sync::Arc, time::SystemTime};

use crate::{Principal, TokenId};

/// Verdict of the authorization server on a token (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// The server says that the token is active.
    Active(ActiveToken),
    /// The token is unknown, expired, revoked or not meant for this API; the server does not say
    /// which.
    Inactive,
}

/// Validity and principal of a token that the server calls active. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ActiveToken {
    /// `exp`: the token is not valid at this time or after it.
    pub expires_at: Option<SystemTime>,
    /// `nbf`: the token is not valid before this time.
    pub not_before: Option<SystemTime>,
    /// True if there is a `cnf` claim: the token is bound to a key (RFC 7800), and worthless
    /// without proof of possession.
    pub key_bound: bool,
    /// `jti`: the token's id; `None` if the server names none.
    pub id: Option<TokenId>,
    /// User or client for which the token was issued.
    pub principal: Arc<Principal>,
}
