//! Login sessions from the session API, and their tokens.

use serde_json::json;

use super::tokens::OidcSession;
use super::{SessionToken, World, WorldError};
use crate::clock::{unix_micros, unix_now};
use crate::event_log::{Editor, INSTANCE, NewEvent, of_go};
use crate::ids::{ClientId, UserId};
use crate::random;

pub(crate) struct Login {
    pub(crate) user: UserId,
    /// Token that proves ownership of the session.
    pub(crate) token: String,
    pub(crate) password_checked: bool,
    pub(crate) active: bool,
    checked_at: i64,
}

impl World {
    /// Begins a user's session; returns id and token.
    pub(crate) fn add_login(&mut self, user: &UserId, password_checked: bool) -> (String, String) {
        let (id, token) = (self.fresh_id(), random::base64url(54));
        let org = self.users.get(user).map(|user| user.org.to_string());
        let checked_at = of_go(unix_micros());
        let event =
            |name, payload| NewEvent::new("session", &id, name, INSTANCE).with_payload(payload);
        let checked = json!({
            "checkedAt": checked_at, "userID": user.as_str(), "userResourceOwner": org,
        });
        let mut events =
            vec![event("session.added", json!({})), event("session.user.checked", checked)];
        if password_checked {
            events.push(event("session.password.checked", json!({ "checkedAt": checked_at })));
        }
        events.push(event("session.token.set", json!({ "tokenID": self.fresh_id() })));
        let (user, checked_at) = (user.clone(), unix_now());
        let login =
            Login { user, token: token.clone(), password_checked, active: true, checked_at };
        self.logins.insert(id.clone(), login);
        self.log.write(Editor::Setup, events);
        (id, token)
    }

    /// Ends an active session and invalidates its tokens.
    pub(crate) fn end_login(&mut self, id: &str, origin: &str) {
        let Some(login) = self.logins.get_mut(id) else { return };
        if std::mem::replace(&mut login.active, false) {
            self.terminate(id, origin);
        }
    }

    /// Issues the first token of an OIDC session from a login session.
    pub(crate) fn issue_for_login(
        &mut self,
        login: &str,
        request: SessionToken,
        client: &ClientId,
        issuer: &str,
    ) -> Result<String, WorldError> {
        let ended = || WorldError::Impossible("the session is not active");
        let known = self.logins.get(login).filter(|login| login.active).ok_or_else(ended)?;
        let (user, authenticated_at) = (known.user.clone(), Some(known.checked_at));
        let login = Some(login.to_owned());
        let session =
            OidcSession { id: format!("V2_{}", self.fresh_id()), login, authenticated_at };
        let (token, record) = self.issue(&user, request, client, issuer, session)?;
        self.log_first_token(&record);
        Ok(token)
    }
}
