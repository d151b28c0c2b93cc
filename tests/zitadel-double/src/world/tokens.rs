//! Issuing and refreshing tokens.

use std::time::Duration;

use serde::Serialize;

use super::token_records::{PatRecord, SessionRecord, Token, TokenState};
use super::token_requests::{Audience, Pat, SessionToken, TokenShape};
use super::{PAT_SCOPES, UserKind, UserState, World, WorldError};
use crate::clock::{unix_now, whole_seconds};
use crate::ids::{ClientId, UserId};
use crate::token_form;

/// 9999-12-31T23:59:59Z: expiry of a token without one.
pub(super) const NEVER: i64 = 253_402_300_799;

/// Claims of a JWT session token, in ZITADEL's order.
#[derive(Serialize)]
struct JwtClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a [String],
    exp: i64,
    iat: i64,
    nbf: i64,
    client_id: &'a str,
    jti: &'a str,
}

pub(super) struct OidcSession {
    pub(super) id: String,
    pub(super) login: Option<String>,
    /// Time of the login; the token's if absent.
    pub(super) authenticated_at: Option<i64>,
}

impl World {
    pub(crate) fn issue_session_token(
        &mut self,
        user: &UserId,
        request: SessionToken,
        front_end: &ClientId,
        issuer: &str,
    ) -> Result<String, WorldError> {
        self.usable_user(user)?;
        let login = self.log_in(user, &request)?;
        let session =
            OidcSession { id: format!("V2_{}", self.fresh_id()), login, authenticated_at: None };
        let (token, record) = self.issue(user, request, front_end, issuer, session)?;
        self.log_first_token(&record);
        Ok(token)
    }

    pub(super) fn issue(
        &mut self,
        user: &UserId,
        request: SessionToken,
        front_end: &ClientId,
        issuer: &str,
        session: OidcSession,
    ) -> Result<(String, SessionRecord), WorldError> {
        self.usable_user(user)?;
        let OidcSession { id: session, login, authenticated_at } = session;
        let id = format!("{session}-at_{}", self.fresh_id());
        let issued_at = unix_now().saturating_sub(whole_seconds(request.age));
        let expires_at = issued_at.saturating_add(whole_seconds(request.lifetime));
        let audience = self.audience_of(&request);
        let client_id = request.client_id.clone().unwrap_or_else(|| front_end.to_string());
        let (token, issuer) = match request.shape {
            TokenShape::Opaque => (self.seal.session_token(&id, user), None),
            TokenShape::Jwt => {
                let user_name = std::slice::from_ref(&client_id);
                let claims = JwtClaims {
                    iss: issuer,
                    sub: user.as_str(),
                    // An empty audience means the service user itself.
                    aud: if audience.is_empty() { user_name } else { &audience },
                    exp: expires_at,
                    iat: issued_at,
                    nbf: issued_at,
                    client_id: &client_id,
                    jti: &id,
                };
                (token_form::sign(&claims), Some(issuer.to_owned()))
            }
        };
        let user = user.clone();
        let state = TokenState::Valid;
        let refresh = format!("rt_{}", self.fresh_id());
        let record = SessionRecord {
            user,
            id,
            login,
            refresh,
            audience,
            client_id,
            authenticated_at: authenticated_at.unwrap_or(issued_at),
            issued_at,
            expires_at,
            issuer,
            state,
            refreshable: true,
            request,
        };
        self.tokens.insert(record.id.clone(), Token::Session(Box::new(record.clone())));
        Ok((token, record))
    }

    /// Issues a new access token of the same session and invalidates the old one.
    pub(crate) fn refresh(&mut self, token: &str, issuer: &str) -> Result<String, WorldError> {
        self.refresh_with_id(&self.token_id(token)?, issuer)
    }

    /// Issues a new access token for the session of a token id.
    pub(crate) fn refresh_with_id(&mut self, id: &str, issuer: &str) -> Result<String, WorldError> {
        let old = self.tokens.get_mut(id).ok_or(WorldError::UnknownToken)?;
        let Token::Session(record) = old.clone() else {
            return Err(WorldError::Impossible("a personal access token cannot be refreshed"));
        };
        old.revoke();
        let session = OidcSession {
            id: record.session().to_owned(),
            login: record.login,
            authenticated_at: Some(record.authenticated_at),
        };
        let request = SessionToken { age: Duration::ZERO, ..record.request };
        let client = ClientId::from(record.client_id);
        let (token, record) = self.issue(&record.user, request, &client, issuer, session)?;
        self.log_refreshed(&record);
        Ok(token)
    }

    pub(crate) fn issue_pat(&mut self, user: &UserId, pat: Pat) -> Result<String, WorldError> {
        self.issue_scoped_pat(user, pat, PAT_SCOPES.map(str::to_owned).to_vec())
    }

    /// Issues a personal access token; the first administrator's has no scopes.
    pub(crate) fn issue_scoped_pat(
        &mut self,
        user: &UserId,
        pat: Pat,
        scopes: Vec<String>,
    ) -> Result<String, WorldError> {
        self.usable_user(user)?;
        if self.user(user)?.kind == UserKind::Human {
            return Err(WorldError::Impossible("only service users have personal access tokens"));
        }
        let now = unix_now();
        let expires_at = match pat {
            Pat::WithoutExpiry => None,
            Pat::ExpiresIn(time) => Some(now.saturating_add(whole_seconds(time))),
            Pat::ExpiredSince(time) => Some(now.saturating_sub(whole_seconds(time))),
        };
        Ok(self.add_pat(user, expires_at, scopes).1)
    }

    /// Adds a personal access token; returns id and token.
    pub(crate) fn add_pat(
        &mut self,
        user: &UserId,
        expires_at: Option<i64>,
        scopes: Vec<String>,
    ) -> (String, String) {
        let expires_at = expires_at.unwrap_or(NEVER);
        let issued_at = unix_now().min(expires_at.saturating_sub(1));
        let id = self.fresh_id();
        let token = self.seal.pat(&id, user);
        let (user, state) = (user.clone(), TokenState::Valid);
        let record = PatRecord { user, id: id.clone(), scopes, issued_at, expires_at, state };
        self.log_pat(&record);
        self.tokens.insert(id.clone(), Token::Pat(record));
        (id, token)
    }

    pub(super) fn revoke_all_of(&mut self, user: &UserId) {
        self.tokens.values_mut().filter(|token| token.user() == user).for_each(Token::revoke);
    }

    fn usable_user(&self, user: &UserId) -> Result<(), WorldError> {
        match self.user(user)?.state {
            UserState::Active => Ok(()),
            _ => Err(WorldError::Impossible("a user who is not active gets no token")),
        }
    }

    pub(crate) fn audience_of(&self, request: &SessionToken) -> Vec<String> {
        let mut audience: Vec<String> = match &request.audience {
            Audience::Only(exactly) => return exactly.clone(),
            Audience::Scopes => Vec::new(),
            Audience::Project(project) => {
                let apps = self.apps.iter().filter(|(_, app)| app.project == *project);
                let clients = apps.map(|(client, _)| client.to_string());
                clients.chain([project.to_string()]).collect()
            }
        };
        let by_scope = request.scopes.iter().filter_map(|scope| {
            scope.strip_prefix("urn:zitadel:iam:org:project:id:")?.strip_suffix(":aud")
        });
        for project in by_scope {
            if !audience.iter().any(|known| known == project) {
                audience.push(project.to_owned());
            }
        }
        audience
    }
}
