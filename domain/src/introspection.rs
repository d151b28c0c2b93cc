//! What the authorization server knows about a token: facts, before anyone judged them.

use std::{sync::Arc, time::SystemTime};

use crate::{Audience, ClientId, Issuer, OrganizationId, Roles, Scope, Subject, TokenId, Username};

/// The authorization server's verdict on a token (RFC 7662 §2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// The server vouches for the token, with what it says about it.
    Active(Arc<ActiveToken>),
    /// The token is unknown, expired, revoked or not meant for this API: the server does not say.
    Inactive,
}

/// What the server says about a token that it calls active.
///
/// Every claim may be absent: RFC 7662 §2.2 requires none of them. It is built once, where the
/// answer is read, and shared from then on. What is judged at each use lies together in memory:
/// with many tokens in use, a look at each other place is a wait for main memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct ActiveToken {
    /// `exp`: the token is not valid at this time or after it.
    pub expires_at: Option<SystemTime>,
    /// `nbf`: the token is not valid before this time.
    pub not_before: Option<SystemTime>,
    /// `iss`: who issued the token.
    pub issuer: Option<Issuer>,
    /// Whether there is a `cnf` claim: the token is bound to a key of its owner (RFC 7800), and
    /// is worth nothing to somebody who does not prove possession of that key.
    pub key_bound: bool,
    /// `sub`: who the token speaks for.
    pub subject: Option<Subject>,
    /// `username`: a name for people to read.
    pub username: Option<Username>,
    /// `client_id`: the client that asked for the token.
    pub client_id: Option<ClientId>,
    /// `aud`: whom the token is meant for.
    pub audience: Arc<[Audience]>,
    /// `scope`: what the token was issued for.
    pub scope: Scope,
    /// The user's roles in the project of this API.
    pub roles: Roles,
    /// The organization that the user belongs to.
    pub organization: Option<OrganizationId>,
    /// `iat`: when the token was issued.
    pub issued_at: Option<SystemTime>,
    /// `jti`: the identifier of the token.
    pub token_id: Option<TokenId>,
}
