//! The discovery document (OpenID Connect Discovery 1.0 §4.2).

use serde_json::json;

use super::members::Members;
use super::{Call, Reply};
use crate::fault::DiscoveryFault;
use crate::metadata_variant::MetadataVariant;
use crate::refusal::Refusal;

pub(crate) const DISCOVERY_PATH: &str = "/.well-known/openid-configuration";

/// Path of the document by RFC 8414 §3.
pub(crate) const RFC_8414_PATH: &str = "/.well-known/oauth-authorization-server";

/// Returns the response at RFC 8414's path: the gateway's 404 in the baseline.
pub(crate) fn rfc_8414(
    call: &Call<'_>,
    introspection_path: &str,
    variants: &[MetadataVariant],
) -> Reply {
    let document = |issuer| Reply::oidc(&document(issuer, introspection_path, variants, None));
    if variants.contains(&MetadataVariant::OfAnotherIssuerAtRfc8414Path) {
        document("https://another.example.test")
    } else if variants.contains(&MetadataVariant::AtRfc8414Path) {
        document(call.issuer)
    } else {
        Refusal::no_path().into()
    }
}

/// Returns the document for an origin, changed by a fault.
pub(crate) fn document(
    issuer: &str,
    introspection_path: &str,
    variants: &[MetadataVariant],
    fault: Option<&DiscoveryFault>,
) -> Members {
    let mut document = right_document(issuer, introspection_path);
    for variant in variants {
        vary(&mut document, issuer, *variant);
    }
    let endpoint = "introspection_endpoint";
    match fault {
        Some(DiscoveryFault::Issuer(wrong)) => document.set("issuer", wrong.as_str()),
        Some(DiscoveryFault::IntrospectionEndpoint(wrong)) => {
            document.set(endpoint, wrong.as_str());
        }
        Some(DiscoveryFault::NoIntrospectionEndpoint) => document.remove(endpoint),
        Some(DiscoveryFault::Any(_) | DiscoveryFault::Date(_)) | None => {}
    }
    document
}

fn vary(document: &mut Members, issuer: &str, variant: MetadataVariant) {
    match variant {
        MetadataVariant::RegistrationEndpoint => {
            document.set("registration_endpoint", format!("{issuer}/oauth/v2/register"));
        }
        MetadataVariant::ClientIdMetadataDocuments => {
            document.set("client_id_metadata_document_supported", true);
        }
        MetadataVariant::WithoutPkce => document.remove("code_challenge_methods_supported"),
        MetadataVariant::WithoutPublicClients => document.set(
            "token_endpoint_auth_methods_supported",
            json!(["client_secret_basic", "client_secret_post", "private_key_jwt"]),
        ),
        MetadataVariant::AtRfc8414Path | MetadataVariant::OfAnotherIssuerAtRfc8414Path => {}
    }
}

fn right_document(issuer: &str, introspection_path: &str) -> Members {
    let at = |path: &str| json!(format!("{issuer}{path}"));
    let client_authentication =
        || json!(["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]);
    let rs256 = || json!(["RS256"]);
    Members::from([
        ("issuer", json!(issuer)),
        ("authorization_endpoint", at("/oauth/v2/authorize")),
        ("token_endpoint", at("/oauth/v2/token")),
        ("introspection_endpoint", at(introspection_path)),
        ("userinfo_endpoint", at("/oidc/v1/userinfo")),
        ("revocation_endpoint", at("/oauth/v2/revoke")),
        ("end_session_endpoint", at("/oidc/v1/end_session")),
        ("device_authorization_endpoint", at("/oauth/v2/device_authorization")),
        ("jwks_uri", at("/oauth/v2/keys")),
        (
            "scopes_supported",
            json!(["openid", "profile", "email", "phone", "address", "offline_access"]),
        ),
        ("response_types_supported", json!(["code", "id_token", "id_token token"])),
        ("response_modes_supported", json!(["query", "fragment", "form_post"])),
        (
            "grant_types_supported",
            json!([
                "authorization_code",
                "implicit",
                "refresh_token",
                "client_credentials",
                "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "urn:ietf:params:oauth:grant-type:device_code",
            ]),
        ),
        ("subject_types_supported", json!(["public"])),
        (
            "id_token_signing_alg_values_supported",
            json!(["EdDSA", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"]),
        ),
        ("request_object_signing_alg_values_supported", rs256()),
        ("token_endpoint_auth_methods_supported", client_authentication()),
        ("token_endpoint_auth_signing_alg_values_supported", rs256()),
        ("revocation_endpoint_auth_methods_supported", client_authentication()),
        ("revocation_endpoint_auth_signing_alg_values_supported", rs256()),
        (
            "introspection_endpoint_auth_methods_supported",
            json!(["client_secret_basic", "private_key_jwt"]),
        ),
        ("introspection_endpoint_auth_signing_alg_values_supported", rs256()),
        (
            "claims_supported",
            json!([
                "sub",
                "aud",
                "exp",
                "iat",
                "iss",
                "auth_time",
                "nonce",
                "acr",
                "amr",
                "c_hash",
                "at_hash",
                "act",
                "scopes",
                "client_id",
                "azp",
                "preferred_username",
                "name",
                "family_name",
                "given_name",
                "locale",
                "email",
                "email_verified",
                "phone_number",
                "phone_number_verified",
            ]),
        ),
        ("code_challenge_methods_supported", json!(["S256"])),
        (
            "ui_locales_supported",
            json!([
                "bg", "cs", "de", "en", "es", "fr", "hu", "id", "it", "ja", "ko", "mk", "nl", "pl",
                "pt", "ro", "ru", "sv", "tr", "zh",
            ]),
        ),
        ("request_parameter_supported", json!(true)),
        ("request_uri_parameter_supported", json!(false)),
    ])
}
