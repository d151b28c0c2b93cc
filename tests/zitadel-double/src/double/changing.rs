//! Changing the world: people, roles, tokens. Visible to the next request.

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

    /// Locks, deactivates, removes or revives a user. Tokens do not come back to life.
    #[track_caller]
    pub fn set_user_state(&self, user: &UserId, state: UserState) {
        must(self.shared.world().set_user_state(user, state));
    }

    /// Gives a role of the default project, in the user's own organization. A role key that the
    /// project lacks is added to it.
    #[track_caller]
    pub fn grant(&self, user: &UserId, role: &str) {
        must(self.shared.world().grant(user, self.project_id(), role, None));
    }

    /// Gives a role of any project, in the name of any organization.
    #[track_caller]
    pub fn grant_in(&self, user: &UserId, project: &ProjectId, role: &str, by: &OrgId) {
        must(self.shared.world().grant(user, project, role, Some(by)));
    }

    /// Takes a role of the default project away, whichever organization gave it.
    #[track_caller]
    pub fn ungrant(&self, user: &UserId, role: &str) {
        must(self.shared.world().ungrant(user, self.project_id(), role));
    }
}

/// # Tokens
impl ZitadelDouble {
    /// A personal access token without expiry, of a service user.
    #[must_use]
    #[track_caller]
    pub fn pat(&self, user: &UserId) -> String {
        self.pat_with(user, Pat::WithoutExpiry)
    }

    /// A personal access token of a service user.
    #[must_use]
    #[track_caller]
    pub fn pat_with(&self, user: &UserId, pat: Pat) -> String {
        must(self.shared.world().issue_pat(user, pat))
    }

    /// A personal access token without scopes, as that of a first instance's administrator.
    #[must_use]
    #[track_caller]
    pub fn pat_without_scopes(&self, user: &UserId, pat: Pat) -> String {
        must(self.shared.world().issue_scoped_pat(user, pat, Vec::new()))
    }

    /// A session token.
    #[must_use]
    #[track_caller]
    pub fn session_token(&self, user: &UserId, token: SessionToken) -> String {
        let front_end = &self.shared.ids.front_end;
        must(self.shared.world().issue_session_token(user, token, front_end, self.issuer()))
    }

    /// Gives new opaque tokens this form, as an upgrade of ZITADEL does. Older tokens stay valid.
    pub fn set_token_form(&self, form: TokenForm) {
        self.shared.world().seal.form = form;
    }

    /// Trades a session token for a fresh one of the same session; the old one dies at once.
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

    /// From now on this is the whole 200 answer for this string, be it a token or not. The client
    /// must authenticate nevertheless.
    pub fn answer(&self, token: &str, answer: impl Into<Answer>) {
        self.shared.world().answers.insert(token.to_owned(), answer.into());
    }
}
