//! Tokens of a login, and the end of single sessions and tokens.

use super::{ZitadelDouble, must};
use crate::ids::UserId;

/// # Logins and the end of tokens
impl ZitadelDouble {
    /// Removes a personal access token.
    #[track_caller]
    pub fn remove_pat(&self, token: &str) {
        must(self.shared.world().remove_pat(token));
    }

    /// Returns the refresh token of a session token; introspection reports it as inactive.
    #[must_use]
    #[track_caller]
    pub fn refresh_token(&self, token: &str) -> String {
        must(self.shared.world().refresh_token(token))
    }

    /// Returns an id token of the login behind a session token; it is inactive at introspection.
    #[must_use]
    #[track_caller]
    pub fn id_token(&self, token: &str) -> String {
        must(self.shared.world().id_token(token, self.issuer()))
    }

    /// Revokes the refresh token behind a session token, and the session token with it.
    #[track_caller]
    pub fn revoke_refresh(&self, token: &str) {
        must(self.shared.world().revoke_refresh(token));
    }

    /// Ends the login session behind a session token: all tokens derived from it are dead.
    #[track_caller]
    pub fn end_session(&self, token: &str) {
        must(self.shared.world().end_session(token, self.issuer()));
    }

    /// Signs a person out: every session token of the user is dead.
    #[track_caller]
    pub fn sign_out(&self, user: &UserId) {
        must(self.shared.world().sign_out(user, self.issuer()));
    }

    /// Returns the user of a token that was issued here, dead or alive.
    #[must_use]
    #[track_caller]
    pub fn user_of(&self, token: &str) -> UserId {
        must(self.shared.world().user_of(token))
    }
}
