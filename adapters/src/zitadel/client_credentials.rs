//! Credentials of this API at ZITADEL.

use std::{fmt, path::PathBuf, sync::Arc};

use domain::{ClientId, Clock, IntrospectionError};
use reqwest::header::HeaderValue;

use super::{
    CredentialError, CredentialText, NamedIssuer,
    client_assertion::ClientAssertions,
    client_auth::{self, ClientAuthentication},
    key_file::KeyFile,
};

/// Credentials of this API: a client id with its secret, or ZITADEL's `key.json` of an API
/// application. Each part is a value, or a file that is read again when it changes.
#[derive(Clone)]
pub struct ClientCredentials {
    /// Texts from which the credentials were made: client id and client secret, or the key and the
    /// configured client id, if any.
    texts: Vec<CredentialText>,
    method: Method,
}

#[derive(Clone)]
enum Method {
    ClientSecretBasic { client_id: ClientId, header: HeaderValue },
    PrivateKeyJwt(Arc<ClientAssertions>),
}

impl ClientCredentials {
    /// Creates credentials for `client_secret_basic` from a client id and its secret.
    ///
    /// # Errors
    /// When the client id is empty.
    pub fn client_secret(client_id: &str, client_secret: &str) -> Result<Self, CredentialError> {
        Self::from_secret(
            CredentialText::value("zitadel.client_id", client_id),
            CredentialText::value("zitadel.client_secret", client_secret),
        )
    }

    /// Creates credentials for `client_secret_basic` from a client id and a file with its secret.
    ///
    /// # Errors
    /// When the file cannot be read or is empty, or the client id is empty.
    pub fn client_secret_file(
        client_id: &str,
        client_secret_file: impl Into<PathBuf>,
    ) -> Result<Self, CredentialError> {
        Self::from_secret(
            CredentialText::value("zitadel.client_id", client_id),
            CredentialText::file("zitadel.client_secret_file", client_secret_file)?,
        )
    }

    /// Creates credentials for `private_key_jwt` from ZITADEL's `key.json` of an API application.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no key of an API application.
    pub fn key_file(key_file: impl Into<PathBuf>) -> Result<Self, CredentialError> {
        Self::from_key(CredentialText::file("zitadel.key_file", key_file)?, None)
    }

    /// Creates credentials for `client_secret_basic` from a client id and its secret, each a value
    /// or a file's content.
    ///
    /// # Errors
    /// When the client id is empty.
    pub fn from_secret(
        client_id: CredentialText,
        client_secret: CredentialText,
    ) -> Result<Self, CredentialError> {
        let parsed = ClientId::parse(client_id.expose_secret());
        let parsed = parsed.map_err(|error| client_id.error(error))?;
        let header = client_auth::basic(&parsed, client_secret.expose_secret());
        let method = Method::ClientSecretBasic { client_id: parsed, header };
        Ok(Self { texts: vec![client_id, client_secret], method })
    }

    /// Creates credentials for `private_key_jwt` from the content of a `key.json`. If `client_id`
    /// is given, the key must be that client's.
    ///
    /// # Errors
    /// When the text is no key of an API application, or the key of another client.
    pub fn from_key(
        key: CredentialText,
        client_id: Option<CredentialText>,
    ) -> Result<Self, CredentialError> {
        let key_file = KeyFile::parse(key.expose_secret()).map_err(|error| key.error(error))?;
        let is_other = |id: &&CredentialText| id.expose_secret() != key_file.client_id.as_str();
        if let Some(other) = client_id.as_ref().filter(is_other) {
            let setting = other.setting();
            return Err(key.error(format_args!("its client id is not {setting}; leave that out")));
        }
        let method = Method::PrivateKeyJwt(Arc::new(ClientAssertions::new(key_file)));
        Ok(Self { texts: [key].into_iter().chain(client_id).collect(), method })
    }

    /// Parses `texts`, read anew, as credentials for `self`'s method of client authentication.
    pub(super) fn with(&self, texts: &[CredentialText]) -> Result<Self, CredentialError> {
        match (&self.method, texts) {
            (Method::ClientSecretBasic { .. }, [client_id, client_secret]) => {
                Self::from_secret(client_id.clone(), client_secret.clone())
            }
            (Method::PrivateKeyJwt(_), [key, client_id @ ..]) => {
                Self::from_key(key.clone(), client_id.first().cloned())
            }
            _ => unreachable!("there are as many texts as before"),
        }
    }

    pub(super) fn texts(&self) -> &[CredentialText] {
        &self.texts
    }

    pub(super) fn client_id(&self) -> &ClientId {
        match &self.method {
            Method::ClientSecretBasic { client_id, .. } => client_id,
            Method::PrivateKeyJwt(assertions) => &assertions.key_file.client_id,
        }
    }

    pub(super) fn key_id(&self) -> Option<&str> {
        match &self.method {
            Method::ClientSecretBasic { .. } => None,
            Method::PrivateKeyJwt(assertions) => Some(&assertions.key_file.key_id),
        }
    }

    /// Returns the registered name of the client authentication method (RFC 7591 §2).
    pub(super) const fn method(&self) -> &'static str {
        match self.method {
            Method::ClientSecretBasic { .. } => "client_secret_basic",
            Method::PrivateKeyJwt(_) => "private_key_jwt",
        }
    }

    pub(super) fn authentication(
        &self,
        issuer: &NamedIssuer,
        clock: &dyn Clock,
    ) -> Result<ClientAuthentication, IntrospectionError> {
        Ok(match &self.method {
            Method::ClientSecretBasic { header, .. } => ClientAuthentication::Basic(header.clone()),
            Method::PrivateKeyJwt(assertions) => {
                ClientAuthentication::Assertion(assertions.current(issuer, clock)?)
            }
        })
    }

    /// Returns whether these credentials can make another client authentication after ZITADEL
    /// refused `refused`: only a key can.
    pub(super) fn renew(&self, refused: &ClientAuthentication, clock: &dyn Clock) -> bool {
        match (&self.method, refused) {
            (Method::PrivateKeyJwt(assertions), ClientAuthentication::Assertion(refused)) => {
                assertions.renew(refused, clock)
            }
            _ => false,
        }
    }
}

/// Compares only the ids and secrets themselves, not the settings and files that they come from.
impl PartialEq for ClientCredentials {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientCredentials({})", self.method())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_method_and_nothing_else() {
        let credentials = ClientCredentials::client_secret("id", "pw").unwrap();
        assert_eq!(format!("{credentials:?}"), "ClientCredentials(client_secret_basic)");
    }
}
