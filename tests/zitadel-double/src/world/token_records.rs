//! Tokens in the instance's store.

use super::{SessionToken, World, WorldError};
use crate::ids::UserId;

#[derive(Clone, Debug)]
pub(crate) enum Token {
    Session(Box<SessionRecord>),
    Pat(PatRecord),
}

/// State of a token, apart from expiry.
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
    /// Login session; `None` for client credentials.
    pub(crate) login: Option<String>,
    /// Id of the refresh token in its session.
    pub(crate) refresh: String,
    pub(crate) audience: Vec<String>,
    pub(crate) client_id: String,
    pub(crate) authenticated_at: i64,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    /// Issuer of a JWT, which is inactive through another domain.
    pub(crate) issuer: Option<String>,
    pub(crate) state: TokenState,
    /// True while the refresh token is valid; revoking the access token alone does not change it.
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
    pub(crate) fn session(&self) -> &str {
        self.id.split_once('-').map_or(self.id.as_str(), |(session, _)| session)
    }

    /// Id of the access token in its session.
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
    /// Finds a string's token, as ZITADEL does: a session token by its id, a personal access token
    /// by its id and user.
    pub(crate) fn token(&self, presented: &str) -> Option<&Token> {
        let opened = self.seal.open(presented)?;
        self.tokens.get(&opened.id).filter(|token| match token {
            Token::Session(session) => session.issuer == opened.issuer,
            Token::Pat(pat) => pat.user.as_str().as_bytes() == opened.user,
        })
    }

    pub(super) fn token_id(&self, presented: &str) -> Result<String, WorldError> {
        let token = self.token(presented).ok_or(WorldError::UnknownToken)?;
        Ok(token.id().to_owned())
    }
}
