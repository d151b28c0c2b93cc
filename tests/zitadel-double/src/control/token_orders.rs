//! Orders about tokens. A `user` is an id or a user name.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::routes::{Outcome, done};
use crate::answer::Answer;
use crate::shared::Shared;
use crate::world::{Audience, Pat, SessionToken, TokenShape};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PatOrder {
    user: String,
    expires_in_seconds: Option<u64>,
}

impl PatOrder {
    pub(super) fn issue(self, shared: &Shared) -> Outcome {
        let expiry = self.expires_in_seconds.map(Duration::from_secs);
        let mut world = shared.world();
        let user = world.find_user(&self.user)?;
        let token = world.issue_pat(&user, expiry.map_or(Pat::WithoutExpiry, Pat::ExpiresIn))?;
        Ok(json!({ "token": token }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenOrder {
    user: String,
    scopes: Option<Vec<String>>,
    audience: Option<Vec<String>>,
    age_seconds: Option<u64>,
    lifetime_seconds: Option<u64>,
    #[serde(default)]
    shape: ShapeName,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ShapeName {
    #[default]
    Opaque,
    Jwt,
}

impl TokenOrder {
    pub(super) fn issue(self, shared: &Shared) -> Outcome {
        let usual = SessionToken::default();
        let token = SessionToken {
            scopes: self.scopes.unwrap_or(usual.scopes),
            audience: self.audience.map_or(usual.audience, Audience::Only),
            age: self.age_seconds.map_or(usual.age, Duration::from_secs),
            lifetime: self.lifetime_seconds.map_or(usual.lifetime, Duration::from_secs),
            shape: match self.shape {
                ShapeName::Opaque => TokenShape::Opaque,
                ShapeName::Jwt => TokenShape::Jwt,
            },
            ..SessionToken::default()
        };
        let (front_end, issuer) = (&shared.ids.front_end, &shared.instance.issuer);
        let mut world = shared.world();
        let user = world.find_user(&self.user)?;
        let token = world.issue_session_token(&user, token, front_end, issuer)?;
        Ok(json!({ "token": token }))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenRef {
    pub(super) token: String,
}

impl TokenRef {
    pub(super) fn refresh(self, shared: &Shared) -> Outcome {
        let token = shared.world().refresh(&self.token, &shared.instance.issuer)?;
        Ok(json!({ "token": token }))
    }

    pub(super) fn revoke(self, shared: &Shared) -> Outcome {
        shared.world().revoke(&self.token)?;
        Ok(done())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerOrder {
    token: String,
    answer: Value,
}

impl AnswerOrder {
    pub(super) fn set(self, shared: &Shared) -> Value {
        shared.world().answers.insert(self.token, Answer::from(self.answer));
        done()
    }
}
