//! Credentials of this API at ZITADEL, given as values or in files, which are read again while the
//! API runs.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use domain::ClientId;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::{KeyFile, credential_doubt};
use crate::{
    ShownPath,
    bounded_file::{self, AGAIN, AT_START},
};

/// Largest number of readings of the files until two in a row agree.
const READINGS: usize = 5;

/// Credentials of this API: a client id with its secret, or ZITADEL's `key.json` of an API
/// application. Each part is a value, or a file that is read again when it changes.
#[derive(Clone, Debug)]
pub struct ClientCredentials {
    pub(super) written: Written,
    pub(super) parsed: Parsed,
}

/// Compares the texts, wherever they come from.
impl PartialEq for ClientCredentials {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

/// Credentials as configured, not parsed yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written {
    /// For `client_secret_basic`.
    ClientSecret { client_id: CredentialText, client_secret: CredentialText },
    /// For `private_key_jwt`, with the client id that the key must have, if any.
    PrivateKey { key: CredentialText, client_id: Option<String> },
}

/// Parsed credentials.
#[derive(Clone, Debug)]
pub(super) enum Parsed {
    ClientSecret { client_id: ClientId, client_secret: SecretString },
    PrivateKey(KeyFile),
}

/// One part of the credentials, with its source.
#[derive(Clone, Debug)]
pub struct CredentialText {
    setting: &'static str,
    file: Option<PathBuf>,
    text: SecretString,
}

/// Reason why credentials cannot be used. Nothing of a secret is repeated, not even of one in the
/// place of its file's path.
#[derive(Clone, PartialEq, Eq, Error)]
#[error("{setting}: {}{problem}", before(file.as_deref()))]
pub struct CredentialError {
    /// Setting, such as `zitadel.key_file`.
    pub setting: &'static str,
    /// File that it names, if any. A text that is no path may be here.
    pub file: Option<PathBuf>,
    /// Description of the problem.
    pub problem: String,
}

impl fmt::Debug for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CredentialError({self})")
    }
}

/// Returns the file as it precedes the problem, or an empty text.
fn before(file: Option<&Path>) -> String {
    file.map_or_else(String::new, |file| format!("{}: ", ShownPath(file)))
}

impl ClientCredentials {
    /// Takes a client id and its secret, for `client_secret_basic`.
    ///
    /// # Errors
    /// When the client id is empty.
    pub fn client_secret(client_id: &str, client_secret: &str) -> Result<Self, CredentialError> {
        Self::from_secret(
            CredentialText::value("zitadel.client_id", client_id),
            CredentialText::value("zitadel.client_secret", client_secret),
        )
    }

    /// Takes a client id, and its secret from a file.
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

    /// Reads ZITADEL's `key.json` of an API application, for `private_key_jwt`.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no key of an API application.
    pub fn key_file(key_file: impl Into<PathBuf>) -> Result<Self, CredentialError> {
        Self::from_key(CredentialText::file("zitadel.key_file", key_file)?, None)
    }

    /// Takes a client id and a secret, each from a value or a file of its own.
    ///
    /// # Errors
    /// When the client id is empty.
    pub fn from_secret(
        client_id: CredentialText,
        client_secret: CredentialText,
    ) -> Result<Self, CredentialError> {
        Self::new(Written::ClientSecret { client_id, client_secret })
    }

    /// Takes the content of a `key.json`. If `client_id` is given, the key must have it.
    ///
    /// # Errors
    /// When it is no key of an API application, or one of another client.
    pub fn from_key(
        key: CredentialText,
        client_id: Option<String>,
    ) -> Result<Self, CredentialError> {
        Self::new(Written::PrivateKey { key, client_id })
    }

    fn new(written: Written) -> Result<Self, CredentialError> {
        let parsed = written.parse()?;
        Ok(Self { written, parsed })
    }
}

impl Parsed {
    pub(super) fn client_id(&self) -> &ClientId {
        match self {
            Self::ClientSecret { client_id, .. } => client_id,
            Self::PrivateKey(key_file) => key_file.client_id(),
        }
    }

    /// Returns the registered name of the method (RFC 7591 §2).
    pub(super) const fn method(&self) -> &'static str {
        match self {
            Self::ClientSecret { .. } => "client_secret_basic",
            Self::PrivateKey(_) => "private_key_jwt",
        }
    }
}

impl Written {
    pub(super) fn parse(&self) -> Result<Parsed, CredentialError> {
        match self {
            Self::ClientSecret { client_id, client_secret } => Ok(Parsed::ClientSecret {
                client_id: ClientId::parse(client_id.text.expose_secret())
                    .map_err(|error| client_id.error(error))?,
                client_secret: client_secret.text.clone(),
            }),
            Self::PrivateKey { key, client_id } => {
                let key_file =
                    KeyFile::parse(key.text.expose_secret()).map_err(|error| key.error(error))?;
                let other = |client_id: &String| client_id != key_file.client_id().as_str();
                if client_id.as_ref().is_some_and(other) {
                    return Err(key.error("its client id is not zitadel.client_id; leave that out"));
                }
                Ok(Parsed::PrivateKey(key_file))
            }
        }
    }

    /// Reads the files again, in bounded time.
    pub(super) fn read_again(&self) -> Result<Self, CredentialError> {
        let mut files = self.in_files().map(|(setting, file, _)| (setting, file));
        let Some((setting, file)) = files.next() else { return Ok(self.clone()) };
        let written = self.clone();
        bounded_file::by_thread(file, AGAIN, move || written.read_until_equal()).unwrap_or_else(
            |error| {
                let or = files.next().map_or_else(String::new, |(other, _)| {
                    format!("this file, or that of {other}: ")
                });
                let (file, problem) = (Some(file.to_owned()), format!("{or}{error}"));
                Err(CredentialError { setting, file, problem })
            },
        )
    }

    /// Reads until two readings in a row agree: one reading may find an old file and a new one
    /// while both are replaced.
    fn read_until_equal(&self) -> Result<Self, CredentialError> {
        let mut last = self.read_once_more();
        for _ in 1..READINGS {
            let again = self.read_once_more();
            if again == last {
                break;
            }
            last = again;
        }
        last
    }

    fn read_once_more(&self) -> Result<Self, CredentialError> {
        Ok(match self {
            Self::ClientSecret { client_id, client_secret } => Self::ClientSecret {
                client_id: client_id.read_again()?,
                client_secret: client_secret.read_again()?,
            },
            Self::PrivateKey { key, client_id } => {
                Self::PrivateKey { key: key.read_again()?, client_id: client_id.clone() }
            }
        })
    }

    /// Returns the parts that are in files: the setting, the file, and the text that it had.
    pub(super) fn in_files(&self) -> impl Iterator<Item = (&'static str, &Path, &SecretString)> {
        let parts = match self {
            Self::ClientSecret { client_id, client_secret } => {
                [Some(client_id), Some(client_secret)]
            }
            Self::PrivateKey { key, .. } => [Some(key), None],
        };
        parts.into_iter().flatten().filter_map(|CredentialText { setting, file, text }| {
            Some((*setting, file.as_deref()?, text))
        })
    }
}

impl CredentialText {
    /// Takes a text as it is; `setting` names it in errors.
    #[must_use]
    pub fn value(setting: &'static str, text: &str) -> Self {
        Self { setting, file: None, text: text.into() }
    }

    /// Reads a file; a line break at its end is ignored. `setting` names it in errors.
    ///
    /// # Errors
    /// When it cannot be read, or is empty.
    pub fn file(setting: &'static str, file: impl Into<PathBuf>) -> Result<Self, CredentialError> {
        let file = file.into();
        match bounded_file::read(&file, AT_START)
            .map_err(|error| error.to_string())
            .and_then(secret)
        {
            Ok(text) => Ok(Self { setting, file: Some(file), text }),
            Err(problem) => Err(CredentialError { setting, file: Some(file), problem }),
        }
    }

    /// Returns the setting that the text belongs to.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        self.setting
    }

    /// Returns why the text is probably not as ZITADEL issued it, without repeating it.
    #[must_use]
    pub fn doubt(&self) -> Option<&'static str> {
        credential_doubt::doubt(self.text.expose_secret())
    }

    fn read_again(&self) -> Result<Self, CredentialError> {
        let text = match &self.file {
            Some(file) => bounded_file::read_all(file)
                .map_err(|error| error.to_string())
                .and_then(secret)
                .map_err(|problem| self.error(problem))?,
            None => self.text.clone(),
        };
        Ok(Self { setting: self.setting, file: self.file.clone(), text })
    }

    fn error(&self, problem: impl fmt::Display) -> CredentialError {
        let (setting, file) = (self.setting, self.file.clone());
        CredentialError { setting, file, problem: problem.to_string() }
    }
}

impl PartialEq for CredentialText {
    fn eq(&self, other: &Self) -> bool {
        self.text.expose_secret() == other.text.expose_secret()
    }
}

/// Returns the content of a file without the line break at its end.
fn secret(content: Vec<u8>) -> Result<SecretString, String> {
    let text = bounded_file::text(content).map_err(|error| error.to_string())?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err("the file is empty".to_owned()),
        text => Ok(text.into()),
    }
}
