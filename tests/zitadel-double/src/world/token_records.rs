//! Tokens as the instance stores them.

use super::{SessionToken, World, WorldError};
use crate::ids::UserId;

/// A token as the instance stores it.
#[derive(Clone, Debug)]
pub(crate) enum Token {
    Session(Box<SessionRecord>),
    Pat(PatRecord),
}

/// State of a token, apart from its expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenState {
    Valid,
    Revoked,
}

#[derive(Clone, Debug)]
pub(crate) struct SessionRecord {
    pub(crate) user: UserId,
    /// `V2_…-at_…`: OIDC session and access token.
    pub(crate) id: String,
    /// Login session from which it derives; `None` for client credentials.
    pub(crate) login: Option<String>,
    /// Id of the refresh token within its session.
    pub(crate) refresh: String,
    pub(crate) audience: Vec<String>,
    pub(crate) client_id: String,
    pub(crate) authenticated_at: i64,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    /// Issuer in a JWT: introspected through another domain it is inactive.
    pub(crate) issuer: Option<String>,
    pub(crate) state: TokenState,
    /// Set while the refresh token is valid; it outlives an access token that was revoked alone.
    pub(crate) refreshable: bool,
    pub(crate) request: SessionToken,
}

#[derive(Clone, Debug)]
pub(crate) struct PatRecord {
    pub(crate) user: UserId,
    pub(crate) id: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) state: TokenState,
}

impl SessionRecord {
    /// Id of the OIDC session.
    pub(crate) fn session(&self) -> &str {
        self.id.split_once('-').map_or(self.id.as_str(), |(session, _)| session)
    }

    /// Id of the access token within its session.
    pub(crate) fn access_token(&self) -> &str {
        self.id.split_once('-').map_or("", |(_, token)| token)
    }
}

impl Token {
    pub(crate) fn user(&self) -> &UserId {
        match self {
            Self::Session(session) => &session.user,
            Self::Pat(pat) => &pat.user,
        }
    }

    fn id(&self) -> &str {
        match self {
            Self::Session(session) => &session.id,
            Self::Pat(pat) => &pat.id,
        }
    }

    pub(super) fn revoke(&mut self) {
        match self {
            Self::Session(session) => {
                session.state = TokenState::Revoked;
                session.refreshable = false;
            }
            Self::Pat(pat) => pat.state = TokenState::Revoked,
        }
    }

    pub(crate) fn is_usable(&self, now: i64) -> bool {
        let (state, expires_at) = match self {
            Self::Session(session) => (session.state, session.expires_at),
            Self::Pat(pat) => (pat.state, pat.expires_at),
        };
        state == TokenState::Valid && now < expires_at
    }
}

impl World {
    /// Finds the token of a string. As in ZITADEL, a session token is found by its id alone, a
    /// personal access token by its id and its user.
    pub(crate) fn token(&self, presented: &str) -> Option<&Token> {
        let opened = self.seal.open(presented)?;
        self.tokens.get(&opened.id).filter(|token| match token {
            Token::Session(session) => session.issuer == opened.issuer,
            Token::Pat(pat) => pat.user.as_str().as_bytes() == opened.user,
        })
    }

    /// Returns the id of a string's token.
    pub(super) fn token_id(&self, presented: &str) -> Result<String, WorldError> {
        let token = self.token(presented).ok_or(WorldError::UnknownToken)?;
        Ok(token.id().to_owned())
    }
}
