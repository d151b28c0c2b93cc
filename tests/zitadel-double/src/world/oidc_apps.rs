//! Settings of OIDC applications, with which people log in.

use super::TokenShape;

/// Authentication method of a public application.
pub(super) const NO_AUTHENTICATION: &str = "OIDC_AUTH_METHOD_TYPE_NONE";

/// Authentication method by keys.
pub(super) const BY_KEYS: &str = "OIDC_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT";

/// How a front end logs people in, in ZITADEL's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OidcSettings {
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) grant_types: Vec<String>,
    pub(crate) app_type: String,
    pub(crate) auth_method: String,
    pub(crate) shape: TokenShape,
    /// Whether its logins go to the pages of login version 2 without a header that asks for it.
    pub(crate) login_v2: bool,
}

impl OidcSettings {
    /// An application on a server, with a secret.
    pub(super) fn web() -> Self {
        Self {
            grant_types: vec!["OIDC_GRANT_TYPE_AUTHORIZATION_CODE".to_owned()],
            app_type: "OIDC_APP_TYPE_WEB".to_owned(),
            auth_method: "OIDC_AUTH_METHOD_TYPE_BASIC".to_owned(),
            ..Self::default()
        }
    }

    /// An application without a secret.
    pub(super) fn public() -> Self {
        Self { auth_method: NO_AUTHENTICATION.to_owned(), ..Self::web() }
    }
}
