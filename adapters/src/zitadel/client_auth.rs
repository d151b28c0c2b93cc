//! Client authentication of this API at the introspection endpoint (RFC 7662 §2.1).

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::ClientId;
use reqwest::{RequestBuilder, header::AUTHORIZATION, header::HeaderValue};
use url::form_urlencoded::byte_serialize;

pub(super) enum ClientAuthentication {
    /// Value of `Authorization` for `client_secret_basic`.
    Basic(HeaderValue),
    /// Client assertion of `private_key_jwt` (RFC 7523 §2.2).
    Assertion(Arc<str>),
}

impl ClientAuthentication {
    pub(super) fn attach(&self, request: RequestBuilder, token: &str) -> RequestBuilder {
        match self {
            Self::Basic(header) => {
                request.header(AUTHORIZATION, header.clone()).form(&[("token", token)])
            }
            Self::Assertion(assertion) => request.form(&[
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", assertion),
                ("token", token),
            ]),
        }
    }
}

/// Returns the value of `Authorization` for `client_secret_basic`: client id and secret are
/// form-encoded before base64 (RFC 6749 §2.3.1).
pub(super) fn basic(client_id: &ClientId, client_secret: &str) -> HeaderValue {
    let id: String = byte_serialize(client_id.as_str().as_bytes()).collect();
    let secret: String = byte_serialize(client_secret.as_bytes()).collect();
    let credentials = BASE64_STANDARD.encode(format!("{id}:{secret}"));
    let mut header = HeaderValue::try_from(format!("Basic {credentials}"))
        .unwrap_or_else(|_| unreachable!("base64 is ASCII"));
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_are_form_encoded_before_base64() {
        let client_id = ClientId::parse("340000000000000010").unwrap();
        let header = basic(&client_id, "a+b%c d");
        assert_eq!(header, "Basic MzQwMDAwMDAwMDAwMDAwMDEwOmElMkJiJTI1Yytk");
        assert!(header.is_sensitive());
    }
}
