//! Login tokens, and the end of sessions and tokens.

use super::{ZitadelDouble, must};
use crate::ids::UserId;

/// # Logins and the end of tokens
impl ZitadelDouble {
    /// Removes a personal access token.
    #[track_caller]
    pub fn remove_pat(&self, token: &str) {
        must(self.shared.world().remove_pat(token));
    }

    /// Returns a session token's refresh token, which introspection reports as inactive.
    #[must_use]
    #[track_caller]
    pub fn refresh_token(&self, token: &str) -> String {
        must(self.shared.world().refresh_token(token))
    }

    /// Returns an id token for a session token's login; introspection reports it as inactive.
    #[must_use]
    #[track_caller]
    pub fn id_token(&self, token: &str) -> String {
        must(self.shared.world().id_token(token, self.issuer()))
    }

    /// Revokes a session token and its refresh token.
    #[track_caller]
    pub fn revoke_refresh(&self, token: &str) {
        must(self.shared.world().revoke_refresh(token));
    }

    /// Ends the login session of a session token, which invalidates all its tokens.
    #[track_caller]
    pub fn end_session(&self, token: &str) {
        must(self.shared.world().end_session(token, self.issuer()));
    }

    /// Signs a person out, which invalidates all session tokens of the user.
    #[track_caller]
    pub fn sign_out(&self, user: &UserId) {
        must(self.shared.world().sign_out(user, self.issuer()));
    }

    /// Returns the user of an issued token, valid or not.
    #[must_use]
    #[track_caller]
    pub fn user_of(&self, token: &str) -> UserId {
        must(self.shared.world().user_of(token))
    }
}
