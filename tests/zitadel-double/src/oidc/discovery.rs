//! The discovery document (OpenID Connect Discovery 1.0 §4.2).
//!
//! It names endpoints that the double does not serve: only introspection is here.

use serde_json::{Value, json};

/// Where the document is.
pub(crate) const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// The document for one origin.
pub(crate) fn document(issuer: &str, introspection_path: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth/v2/authorize"),
        "token_endpoint": at("/oauth/v2/token"),
        "introspection_endpoint": at(introspection_path),
        "userinfo_endpoint": at("/oidc/v1/userinfo"),
        "revocation_endpoint": at("/oauth/v2/revoke"),
        "end_session_endpoint": at("/oidc/v1/end_session"),
        "jwks_uri": at("/oauth/v2/keys"),
        "introspection_endpoint_auth_methods_supported":
            ["client_secret_basic", "private_key_jwt"],
        "introspection_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "id_token_signing_alg_values_supported":
            ["EdDSA", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"],
        "subject_types_supported": ["public"],
        "request_uri_parameter_supported": false,
    })
}
