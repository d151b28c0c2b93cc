//! Properties that a test chooses for a new token.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::ids::{ProjectId, UserId};

const HALF_A_DAY: Duration = Duration::from_hours(12);

/// Properties of a session token. The default is the token of a person after the authorization code
/// flow of the front end in the default project, valid for 12 hours from now.
#[derive(Clone, Debug)]
pub struct SessionToken {
    /// Granted scopes. `urn:zitadel:iam:org:project:id:{id}:aud` adds that project to the audience.
    pub scopes: Vec<String>,
    /// Clients and projects that the token is for.
    pub audience: Audience,
    /// `client_id` of the introspection response; the front end's when absent.
    pub client_id: Option<String>,
    /// Time since the token was issued.
    pub age: Duration,
    /// Lifetime from its issue. The token is expired if this is not more than `age`.
    pub lifetime: Duration,
    /// Opaque or JWT.
    pub shape: TokenShape,
    /// Authentication methods (`amr`).
    pub methods: Vec<String>,
    /// User who acts for the subject, after an impersonation (`act`).
    pub actor: Option<UserId>,
    /// Claims that an Action added. Names already used and ZITADEL's own are ignored.
    pub custom_claims: Map<String, Value>,
}

/// The audience stored with a session token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every client id of a project and the project's id, as after a login at its front end.
    Project(ProjectId),
    /// Only the projects named by `…:aud` scopes, as with client credentials.
    Scopes,
    /// Exactly these, regardless of the scopes.
    Only(Vec<String>),
}

/// Format of the token string. The introspection response is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenShape {
    /// An encrypted id, in the instance's current [form](crate::TokenForm) of new tokens.
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
    /// Token of a service user by client credentials, with the `…:aud` scope of these projects.
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

    /// Token for the assertion of a service user's own key, which has no `amr`.
    #[must_use]
    pub fn jwt_profile<'a>(
        user_name: &str,
        projects: impl IntoIterator<Item = &'a ProjectId>,
    ) -> Self {
        Self { methods: Vec::new(), ..Self::client_credentials(user_name, projects) }
    }

    /// The default token, expired an hour ago.
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
