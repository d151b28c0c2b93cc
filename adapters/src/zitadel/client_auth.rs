//! Client authentication of this API at the introspection endpoint (RFC 7662 §2.1).

use std::{fmt, sync::Arc};

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{ClientId, Clock, IntrospectionError};
use reqwest::{RequestBuilder, header::AUTHORIZATION, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use url::form_urlencoded::byte_serialize;

use super::{
    NamedIssuer, client_assertion::ClientAssertions, client_credentials::Parsed, key_file::KeyFile,
};
use crate::SystemClock;

/// Credentials of this API at the authorization server.
pub struct ClientAuthentication {
    method: Method,
}

enum Method {
    Basic(HeaderValue),
    PrivateKeyJwt(Box<ClientAssertions>),
}

impl ClientAuthentication {
    /// Authenticates by `client_secret_basic`: both halves are form-encoded before base64 (RFC 6749
    /// §2.3.1).
    #[must_use]
    pub fn client_secret_basic(client_id: &ClientId, client_secret: &SecretString) -> Self {
        let id: String = byte_serialize(client_id.as_str().as_bytes()).collect();
        let secret: String = byte_serialize(client_secret.expose_secret().as_bytes()).collect();
        let credentials = BASE64_STANDARD.encode(format!("{id}:{secret}"));
        let mut header = HeaderValue::try_from(format!("Basic {credentials}"))
            .unwrap_or_else(|_| unreachable!("base64 is ASCII"));
        header.set_sensitive(true);
        Self { method: Method::Basic(header) }
    }

    /// Authenticates by `private_key_jwt`: a signed assertion (RFC 7523 §2.2) from ZITADEL's key
    /// file.
    #[must_use]
    pub fn private_key_jwt(
        key_file: KeyFile,
        issuer: impl Into<NamedIssuer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let assertions = ClientAssertions::new(key_file, issuer.into(), clock);
        Self { method: Method::PrivateKeyJwt(Box::new(assertions)) }
    }

    /// Authenticates with parsed credentials at `issuer`, by the system's clock.
    pub(super) fn of(parsed: Parsed, issuer: &NamedIssuer) -> Self {
        match parsed {
            Parsed::ClientSecret { client_id, client_secret } => {
                Self::client_secret_basic(&client_id, &client_secret)
            }
            Parsed::PrivateKey(key_file) => {
                Self::private_key_jwt(key_file, issuer.clone(), Arc::new(SystemClock))
            }
        }
    }

    /// Returns the registered name of the method (RFC 7591 §2).
    pub(super) fn name(&self) -> &'static str {
        match self.method {
            Method::Basic(_) => "client_secret_basic",
            Method::PrivateKeyJwt(_) => "private_key_jwt",
        }
    }

    /// Returns the credentials for one request.
    pub(super) fn credentials(&self) -> Result<Credentials, IntrospectionError> {
        Ok(match &self.method {
            Method::Basic(header) => Credentials::Basic(header.clone()),
            Method::PrivateKeyJwt(assertions) => Credentials::Assertion(assertions.current()?),
        })
    }

    /// Returns whether there are other credentials to try than `refused`.
    pub(super) fn renew(&self, refused: &Credentials) -> bool {
        match (&self.method, refused) {
            (Method::PrivateKeyJwt(assertions), Credentials::Assertion(refused)) => {
                assertions.renew(refused)
            }
            _ => false,
        }
    }
}

/// Credentials as one request carries them.
pub(super) enum Credentials {
    Basic(HeaderValue),
    Assertion(Arc<str>),
}

impl Credentials {
    /// Completes an introspection request about `token`: headers and form body.
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

impl fmt::Debug for ClientAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientAuthentication({})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_halves_are_form_encoded_before_base64() {
        let client_id = ClientId::parse("340000000000000010").unwrap();
        let authentication =
            ClientAuthentication::client_secret_basic(&client_id, &"a+b%c d".into());
        let Method::Basic(header) = authentication.method else { unreachable!() };
        assert_eq!(header, "Basic MzQwMDAwMDAwMDAwMDAwMDEwOmElMkJiJTI1Yytk");
        assert!(header.is_sensitive());
    }

    #[test]
    fn debug_shows_the_method_and_nothing_else() {
        let client_id = ClientId::parse("id").unwrap();
        let authentication = ClientAuthentication::client_secret_basic(&client_id, &"pw".into());
        assert_eq!(format!("{authentication:?}"), "ClientAuthentication(client_secret_basic)");
    }
}
