//! How tokens are to be issued: what a test says about a token that it wants.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::ids::{ProjectId, UserId};

const HALF_A_DAY: Duration = Duration::from_hours(12);

/// How a session token is to be issued. The default is what a person gets by the authorization
/// code flow of the front end in the default project, valid for 12 hours from now.
#[derive(Clone, Debug)]
pub struct SessionToken {
    /// Scopes granted. `urn:zitadel:iam:org:project:id:{id}:aud` adds that project to the audience.
    pub scopes: Vec<String>,
    /// Which clients and projects the token is for.
    pub audience: Audience,
    /// `client_id` in the answer; the front end's when absent.
    pub client_id: Option<String>,
    /// How long ago the token was issued.
    pub age: Duration,
    /// How long it lives, from its issue. A lifetime not beyond `age` has expired.
    pub lifetime: Duration,
    /// Opaque or JWT.
    pub shape: TokenShape,
    /// Authentication methods (`amr`).
    pub methods: Vec<String>,
    /// Who acts for the user, after an impersonation (`act`).
    pub actor: Option<UserId>,
    /// Claims that an Action added. Names that are taken or ZITADEL's own are ignored.
    pub custom_claims: Map<String, Value>,
}

/// The audience stored with a session token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Every client id of a project and the project's id: what a login at its front end gives.
    Project(ProjectId),
    /// Only the projects named by `…:aud` scopes: what client credentials give.
    Scopes,
    /// Exactly these, whatever the scopes say.
    Only(Vec<String>),
}

/// What the token string looks like. The introspection answer is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TokenShape {
    /// An encrypted id, in the [form](crate::TokenForm) that the instance gives to new tokens.
    #[default]
    Opaque,
    /// Three base64url parts, signed by the instance.
    Jwt,
}

/// When a personal access token expires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pat {
    /// Never: `exp` is 253402300799.
    WithoutExpiry,
    /// After this time from now.
    ExpiresIn(Duration),
    /// It did so this long ago.
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
    /// What a service user gets by client credentials, with the `…:aud` scope of these projects.
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

    /// A token for the assertion of a service user's own key, which leaves no method.
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

    /// The same with one more scope.
    #[must_use]
    pub fn with_scope(mut self, scope: &str) -> Self {
        self.scopes.push(scope.to_owned());
        self
    }
}
