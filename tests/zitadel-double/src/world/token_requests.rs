//! Properties of a new token.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::ids::{ProjectId, UserId};

const HALF_A_DAY: Duration = Duration::from_hours(12);

/// Properties of a session token. By default it is a person's, from the authorization code flow of
/// the default project's front end, valid for 12 hours.
#[derive(Clone, Debug)]
pub struct SessionToken {
    /// Granted scopes. `urn:zitadel:iam:org:project:id:{id}:aud` adds that project to the audience.
    pub scopes: Vec<String>,
    /// Clients and projects that the token is for.
    pub audience: Audience,
    /// `client_id` of introspection; the front end's if absent.
    pub client_id: Option<String>,
    /// Time since the token was issued.
    pub age: Duration,
    /// Lifetime from issue; the token is expired unless this exceeds `age`.
    pub lifetime: Duration,
    /// Opaque or JWT.
    pub shape: TokenShape,
    /// Authentication methods (`amr`).
    pub methods: Vec<String>,
    /// User acting for the subject after an impersonation (`act`).
    pub actor: Option<UserId>,
    /// Claims of an Action, except existing names and ZITADEL's own.
    pub custom_claims: Map<String, Value>,
}

/// Stored audience of a session token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// A project's id and all its client ids, as after a login.
    Project(ProjectId),
    /// Projects in `…:aud` scopes only, as with client credentials.
    Scopes,
    /// Exactly these, with any scopes.
    Only(Vec<String>),
}

/// Format of the token string; introspection is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenShape {
    /// An encrypted id, in the current [form](crate::TokenForm).
    #[default]
    Opaque,
    /// Three base64url parts, signed by the instance.
    Jwt,
}

/// Expiry of a personal access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pat {
    /// Never: `exp` is 253402300799.
    WithoutExpiry,
    /// After this time from now.
    ExpiresIn(Duration),
    /// Expired this long ago.
    ExpiredSince(Duration),
}

impl Default for SessionToken {
    fn default() -> Self {
        Self {
            scopes: ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            audience: Audience::Project(ProjectId::from("340000000000000001")),
            client_id: None,
            age: Duration::ZERO,
            lifetime: HALF_A_DAY,
            shape: TokenShape::Opaque,
            methods: vec!["pwd".to_owned()],
            actor: None,
            custom_claims: Map::new(),
        }
    }
}

impl SessionToken {
    /// Token by client credentials of a service user, with the `…:aud` scopes of these projects.
    #[must_use]
    pub fn client_credentials<'a>(
        user_name: &str,
        projects: impl IntoIterator<Item = &'a ProjectId>,
    ) -> Self {
        let audiences = projects
            .into_iter()
            .map(|project| format!("urn:zitadel:iam:org:project:id:{project}:aud"));
        Self {
            scopes: std::iter::once("openid".to_owned()).chain(audiences).collect(),
            audience: Audience::Scopes,
            client_id: Some(user_name.to_owned()),
            ..Self::default()
        }
    }

    /// Token by a service user's own key, without `amr`.
    #[must_use]
    pub fn jwt_profile<'a>(
        user_name: &str,
        projects: impl IntoIterator<Item = &'a ProjectId>,
    ) -> Self {
        Self { methods: Vec::new(), ..Self::client_credentials(user_name, projects) }
    }

    /// Default token that expired an hour ago.
    #[must_use]
    pub fn expired() -> Self {
        Self { age: HALF_A_DAY + Duration::from_hours(1), ..Self::default() }
    }

    /// Adds a scope.
    #[must_use]
    pub fn with_scope(mut self, scope: &str) -> Self {
        self.scopes.push(scope.to_owned());
        self
    }
}
