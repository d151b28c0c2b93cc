//! Settings of OIDC applications, for logins of people.

use serde_json::{Map, Value};

use super::TokenShape;

pub(super) const NO_AUTHENTICATION: &str = "OIDC_AUTH_METHOD_TYPE_NONE";

pub(super) const BY_KEYS: &str = "OIDC_AUTH_METHOD_TYPE_PRIVATE_KEY_JWT";

const NATIVE: &str = "OIDC_APP_TYPE_NATIVE";

/// Settings of a front end, in ZITADEL's names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct OidcSettings {
    pub(crate) redirect_uris: Vec<String>,
    pub(crate) response_types: Vec<String>,
    pub(crate) grant_types: Vec<String>,
    pub(crate) app_type: String,
    pub(crate) auth_method: String,
    pub(crate) shape: TokenShape,
    /// True if logins use login version 2 without a header.
    pub(crate) login_v2: bool,
    /// Settings without effect here, as sent.
    pub(crate) further: Map<String, Value>,
}

const CODE: &str = "OIDC_RESPONSE_TYPE_CODE";

impl OidcSettings {
    /// Settings of a server-side application with a secret.
    pub(super) fn web() -> Self {
        Self {
            response_types: vec![CODE.to_owned()],
            grant_types: vec!["OIDC_GRANT_TYPE_AUTHORIZATION_CODE".to_owned()],
            app_type: "OIDC_APP_TYPE_WEB".to_owned(),
            auth_method: "OIDC_AUTH_METHOD_TYPE_BASIC".to_owned(),
            ..Self::default()
        }
    }

    /// Settings of a native application, without a secret and on loopback.
    pub(super) fn public() -> Self {
        let grant = |name: &str| format!("OIDC_GRANT_TYPE_{name}");
        Self {
            redirect_uris: ["localhost", "127.0.0.1"]
                .map(|host| format!("http://{host}/callback"))
                .to_vec(),
            response_types: vec![CODE.to_owned()],
            grant_types: ["AUTHORIZATION_CODE", "REFRESH_TOKEN"].map(grant).to_vec(),
            app_type: NATIVE.to_owned(),
            auth_method: NO_AUTHENTICATION.to_owned(),
            ..Self::default()
        }
    }

    /// True if the application may use this grant, by ZITADEL's name.
    pub(crate) fn allows(&self, grant_type: &str) -> bool {
        self.grant_types.iter().any(|allowed| allowed == grant_type)
    }

    /// True if there are response types, each with the grant that it needs.
    pub(crate) fn is_valid(&self) -> bool {
        let has_grant = |response_type: &String| match response_type.as_str() {
            CODE => {
                self.allows("OIDC_GRANT_TYPE_AUTHORIZATION_CODE")
                    || self.allows("OIDC_GRANT_TYPE_DEVICE_CODE")
            }
            _ => self.allows("OIDC_GRANT_TYPE_IMPLICIT"),
        };
        !self.response_types.is_empty() && self.response_types.iter().all(has_grant)
    }

    /// True if a redirect URI is allowed; a native application may use any loopback port.
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

/// Returns a plain loopback URL without its port; `None` for others.
fn without_port(uri: &str) -> Option<(String, String)> {
    let uri: http::Uri = uri.parse().ok().filter(|_| uri.starts_with("http://"))?;
    let host = uri.host().filter(|host| ["localhost", "127.0.0.1", "[::1]"].contains(host))?;
    Some((host.to_owned(), uri.path_and_query()?.to_string()))
}
