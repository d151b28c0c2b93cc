//! Settings of OIDC applications, with which people log in.

use super::TokenShape;

/// Authentication method of a public application.
pub(super) const NO_AUTHENTICATION: &str = "OIDC_AUTH_METHOD_TYPE_NONE";

/// Authentication method by keys.
pub(super) const BY_KEYS: &str = "OIDC_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT";

/// Kind of an application on the user's machine.
const NATIVE: &str = "OIDC_APP_TYPE_NATIVE";

/// Settings of one front end, in ZITADEL's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OidcSettings {
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) grant_types: Vec<String>,
    pub(crate) app_type: String,
    pub(crate) auth_method: String,
    pub(crate) shape: TokenShape,
    /// Logins go to the pages of login version 2 without a header that asks for it.
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

    /// A native application, which has no secret and listens on loopback.
    pub(super) fn public() -> Self {
        let grant = |name: &str| format!("OIDC_GRANT_TYPE_{name}");
        Self {
            redirect_uris: ["localhost", "127.0.0.1"]
                .map(|host| format!("http://{host}/callback"))
                .to_vec(),
            grant_types: ["AUTHORIZATION_CODE", "REFRESH_TOKEN"].map(grant).to_vec(),
            app_type: NATIVE.to_owned(),
            auth_method: NO_AUTHENTICATION.to_owned(),
            ..Self::default()
        }
    }

    /// Tells if the application may use a grant, by ZITADEL's name.
    pub(crate) fn allows(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|allowed| allowed == grant_type)
    }

    /// A native application accepts any port of its loopback addresses.
    pub(crate) fn accepts(&self, redirect_uri: &str) -> bool {
        let is_native = self.app_type == NATIVE;
        self.redirect_uris.iter().any(|known| {
            known == redirect_uri
                || (is_native
                    && without_port(known).is_some_and(|known| {
                        without_port(redirect_uri).is_some_and(|sent| sent == known)
                    }))
        })
    }
}

/// A plain URL on loopback without its port; `None` for any other.
fn without_port(uri: &str) -> Option<(String, String)> {
    let uri: http::Uri = uri.parse().ok().filter(|_| uri.starts_with("http://"))?;
    let host = uri.host().filter(|host| ["localhost", "127.0.0.1", "[::1]"].contains(host))?;
    Some((host.to_owned(), uri.path_and_query()?.to_string()))
}
