//! Changes of people, roles and tokens, which the next request sees.

use super::{ZitadelDouble, must};
use crate::answer::Answer;
use crate::ids::{OrgId, ProjectId, UserId};
use crate::token_form::TokenForm;
use crate::world::{NewUser, Pat, SessionToken, UserState};

/// # People and roles
impl ZitadelDouble {
    /// Adds an organization.
    #[must_use]
    pub fn add_org(&self, name: &str, primary_domain: &str) -> OrgId {
        self.shared.world().add_org(name, primary_domain)
    }

    /// Adds a user.
    #[must_use]
    #[track_caller]
    pub fn add_user(&self, user: NewUser) -> UserId {
        must(self.shared.world().add_user(user, self.org_id()))
    }

    /// Locks, deactivates, removes or reactivates a user. Invalid tokens stay invalid.
    #[track_caller]
    pub fn set_user_state(&self, user: &UserId, state: UserState) {
        must(self.shared.world().set_user_state(user, state));
    }

    /// Grants a role of the default project in the user's own organization. The project gets the
    /// role key if it lacks it.
    #[track_caller]
    pub fn grant(&self, user: &UserId, role: &str) {
        must(self.shared.world().grant(user, self.project_id(), role, None));
    }

    /// Grants a role of any project in the name of any organization.
    #[track_caller]
    pub fn grant_in(&self, user: &UserId, project: &ProjectId, role: &str, by: &OrgId) {
        must(self.shared.world().grant(user, project, role, Some(by)));
    }

    /// Revokes a role of the default project, granted by any organization.
    #[track_caller]
    pub fn ungrant(&self, user: &UserId, role: &str) {
        must(self.shared.world().ungrant(user, self.project_id(), role));
    }
}

/// # Tokens
impl ZitadelDouble {
    /// Issues a service user's personal access token without expiry.
    #[must_use]
    #[track_caller]
    pub fn pat(&self, user: &UserId) -> String {
        self.pat_with(user, Pat::WithoutExpiry)
    }

    /// Issues a service user's personal access token.
    #[must_use]
    #[track_caller]
    pub fn pat_with(&self, user: &UserId, pat: Pat) -> String {
        must(self.shared.world().issue_pat(user, pat))
    }

    /// Issues a personal access token without scopes, like the first administrator's.
    #[must_use]
    #[track_caller]
    pub fn pat_without_scopes(&self, user: &UserId, pat: Pat) -> String {
        must(self.shared.world().issue_scoped_pat(user, pat, Vec::new()))
    }

    /// Issues a session token.
    #[must_use]
    #[track_caller]
    pub fn session_token(&self, user: &UserId, token: SessionToken) -> String {
        let front_end = &self.shared.ids.front_end;
        must(self.shared.world().issue_session_token(user, token, front_end, self.issuer()))
    }

    /// Sets the form of new opaque tokens, like an upgrade of ZITADEL; older tokens stay valid.
    pub fn set_token_form(&self, form: TokenForm) {
        self.shared.world().seal.form = form;
    }

    /// Exchanges a session token for a new one of the same session; the old one becomes invalid.
    #[track_caller]
    #[expect(clippy::must_use_candidate, reason = "that the old one dies may be all a test needs")]
    pub fn refresh(&self, token: &str) -> String {
        must(self.shared.world().refresh(token, self.issuer()))
    }

    /// Revokes a token.
    #[track_caller]
    pub fn revoke(&self, token: &str) {
        must(self.shared.world().revoke(token));
    }

    /// Makes this the complete 200 response for this string, which need not be a token; the client
    /// must still authenticate.
    pub fn answer(&self, token: &str, answer: impl Into<Answer>) {
        self.shared.world().answers.insert(token.to_owned(), answer.into());
    }
}
