//! Login sessions, and the events of their sessions and tokens.

use serde_json::{Value, json};

use super::token_records::TokenState;
use super::{Audience, PatRecord, SessionRecord, SessionToken, Token, World, WorldError};
use crate::clock::unix_micros;
use crate::event_log::{Editor, INSTANCE, NewEvent, of_go};
use crate::ids::UserId;

const SIGNED_IN_ONLY: WorldError =
    WorldError::Impossible("only a token of a login has a session to end");

/// Nanoseconds: 90 days, and 30 days without use.
const REFRESH_LIFETIME: u64 = 7_776_000_000_000_000;
const REFRESH_IDLE_LIFETIME: u64 = 2_592_000_000_000_000;

impl World {
    /// Begins a person's login session; client credentials have none.
    pub(super) fn log_in(
        &mut self,
        user: &UserId,
        request: &SessionToken,
    ) -> Result<Option<String>, WorldError> {
        if request.audience == Audience::Scopes {
            return Ok(None);
        }
        let id = self.fresh_id();
        let checked = json!({
            "checkedAt": of_go(unix_micros()), "userID": user.as_str(),
            "userResourceOwner": self.user(user)?.org.as_str(),
        });
        let event =
            |name, payload| NewEvent::new("session", &id, name, INSTANCE).with_payload(payload);
        let events = [event("session.added", json!({})), event("session.user.checked", checked)];
        self.log.write(Editor::Setup, events);
        Ok(Some(id))
    }

    /// Writes the events of an OIDC session's first access token.
    pub(super) fn log_first_token(&mut self, record: &SessionRecord) {
        let org = self.owner(&record.user);
        let added = json!({
            "audience": record.audience, "authMethods": [4],
            "authTime": of_go(record.authenticated_at.saturating_mul(1_000_000)),
            "clientID": record.client_id, "scope": record.request.scopes,
            "sessionID": record.login.as_deref().unwrap_or_default(),
            "userID": record.user.as_str(), "userResourceOwner": org,
        });
        let reason = match &record.login {
            Some(_) => "auth_request",
            None => "client_credentials",
        };
        let mut events = vec![
            oidc_event(record, "oidc_session.added", &org, added),
            access_token_added(record, &org, reason),
        ];
        if record.request.scopes.iter().any(|scope| scope == "offline_access") {
            let payload = json!({
                "id": record.refresh,
                "idleLifetime": REFRESH_IDLE_LIFETIME, "lifetime": REFRESH_LIFETIME,
            });
            events.push(oidc_event(record, "oidc_session.refresh_token.added", &org, payload));
        }
        self.log.write(Editor::System, events);
    }

    /// Writes the event of an access token that replaces its session's older one.
    pub(super) fn log_refreshed(&mut self, record: &SessionRecord) {
        let org = self.owner(&record.user);
        let renewed = json!({ "id": record.refresh, "idleLifetime": REFRESH_IDLE_LIFETIME });
        let events = [
            access_token_added(record, &org, "refresh"),
            oidc_event(record, "oidc_session.refresh_token.renewed", &org, renewed),
        ];
        self.log.write(Editor::Unnamed, events);
    }

    /// Revokes a token; a personal access token is removed.
    pub(crate) fn revoke(&mut self, token: &str) -> Result<(), WorldError> {
        match self.token(token).ok_or(WorldError::UnknownToken)? {
            Token::Pat(_) => self.remove_pat(token),
            Token::Session(_) => self.revoke_session(token, "oidc_session.access_token.revoked"),
        }
    }

    /// Revokes a session's refresh and access tokens.
    pub(crate) fn revoke_refresh(&mut self, token: &str) -> Result<(), WorldError> {
        self.revoke_refresh_with_id(&self.token_id(token)?)
    }

    /// Revokes a refresh token by its access token's id.
    pub(crate) fn revoke_refresh_with_id(&mut self, id: &str) -> Result<(), WorldError> {
        self.revoke_session_with_id(id, "oidc_session.refresh_token.revoked")?;
        if let Some(token) = self.tokens.get_mut(id) {
            token.revoke();
        }
        Ok(())
    }

    pub(crate) fn remove_pat(&mut self, token: &str) -> Result<(), WorldError> {
        let Token::Pat(pat) = self.token(token).ok_or(WorldError::UnknownToken)? else {
            return Err(WorldError::Impossible("a session token is no personal access token"));
        };
        let id = pat.id.clone();
        self.remove_pat_with_id(&id);
        Ok(())
    }

    /// Removes a personal access token, valid or not; false if already removed.
    pub(crate) fn remove_pat_with_id(&mut self, id: &str) -> bool {
        let Some(Token::Pat(pat)) = self.tokens.get_mut(id) else { return false };
        pat.state = TokenState::Revoked;
        let user = pat.user.clone();
        if self.log.rows.is_removed(id) {
            return false;
        }
        let event = NewEvent::new("user", &user, "user.pat.removed", self.owner(&user));
        self.log.write(Editor::Setup, [event.with_payload(json!({ "tokenId": id }))]);
        true
    }

    /// Returns a user's personal access tokens, except removed ones.
    pub(crate) fn pats_of(&self, user: &UserId) -> Vec<&PatRecord> {
        let pats = self.tokens.values().filter_map(|token| match token {
            Token::Pat(pat) => Some(pat),
            Token::Session(_) => None,
        });
        let is_listed = |pat: &&PatRecord| pat.user == *user && !self.log.rows.is_removed(&pat.id);
        let mut pats: Vec<&PatRecord> = pats.filter(is_listed).collect();
        pats.sort_by(|one, other| one.id.cmp(&other.id));
        pats
    }

    fn revoke_session(&mut self, token: &str, name: &str) -> Result<(), WorldError> {
        self.revoke_session_with_id(&self.token_id(token)?, name)
    }

    fn revoke_session_with_id(&mut self, id: &str, name: &str) -> Result<(), WorldError> {
        let found = self.tokens.get_mut(id).ok_or(WorldError::UnknownToken)?;
        let Token::Session(record) = found else {
            return Err(WorldError::Impossible("a personal access token has no session"));
        };
        if std::mem::replace(&mut record.state, TokenState::Revoked) == TokenState::Valid {
            let record = record.clone();
            let event = oidc_event(&record, name, &self.owner(&record.user), json!({}));
            self.log.write(Editor::Unnamed, [event]);
        }
        Ok(())
    }

    /// Ends the login session of a token and invalidates all its tokens.
    pub(crate) fn end_session(&mut self, token: &str, origin: &str) -> Result<(), WorldError> {
        let login = match self.token(token).ok_or(WorldError::UnknownToken)? {
            Token::Session(record) => record.login.clone().ok_or(SIGNED_IN_ONLY)?,
            Token::Pat(_) => return Err(SIGNED_IN_ONLY),
        };
        self.terminate(&login, origin);
        Ok(())
    }

    /// Ends a login session and invalidates all its tokens.
    pub(super) fn terminate(&mut self, login: &str, origin: &str) {
        self.revoke_sessions(|record| record.login.as_deref() == Some(login));
        let event = NewEvent::new("session", login, "session.terminated", INSTANCE);
        let event = event.with_payload(json!({ "triggerOrigin": origin }));
        self.log.write(Editor::Unnamed, [event]);
    }

    /// Signs a person out: invalidates all session tokens.
    pub(crate) fn sign_out(&mut self, user: &UserId, origin: &str) -> Result<(), WorldError> {
        let org = self.user(user)?.org.clone();
        self.revoke_sessions(|record| record.user == *user);
        let payload = json!({ "userAgentID": self.fresh_id(), "triggerOrigin": origin });
        let event = NewEvent::new("user", user, "user.human.signed.out", org);
        self.log.write(Editor::Unnamed, [event.with_payload(payload)]);
        Ok(())
    }

    pub(super) fn log_pat(&mut self, pat: &PatRecord) {
        let event = NewEvent::new("user", &pat.user, "user.pat.added", self.owner(&pat.user));
        let payload = json!({
            "expiration": of_go(pat.expires_at.saturating_mul(1_000_000)),
            "scopes": pat.scopes, "tokenId": pat.id,
        });
        self.log.write(Editor::Setup, [event.with_payload(payload)]);
    }

    fn revoke_sessions(&mut self, ended: impl Fn(&SessionRecord) -> bool) {
        for token in self.tokens.values_mut() {
            if matches!(token, Token::Session(record) if ended(record)) {
                token.revoke();
            }
        }
    }

    fn owner(&self, user: &UserId) -> String {
        self.users.get(user).map(|user| user.org.to_string()).unwrap_or_default()
    }
}

fn oidc_event(record: &SessionRecord, name: &str, org: &str, payload: Value) -> NewEvent {
    NewEvent::new("oidc_session", record.session(), name, org).with_payload(payload)
}

fn access_token_added(record: &SessionRecord, org: &str, reason: &str) -> NewEvent {
    let lifetime = u64::try_from(record.request.lifetime.as_nanos()).unwrap_or(u64::MAX);
    let payload = json!({
        "id": record.access_token(), "lifetime": lifetime, "reason": reason,
        "scope": record.request.scopes,
    });
    oidc_event(record, "oidc_session.access_token.added", org, payload)
}
