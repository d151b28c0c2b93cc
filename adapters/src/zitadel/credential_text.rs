//! Part of this API's credentials, such as its client secret: a value, or the content of a file
//! that is read again while the API runs.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use super::credential_doubt;
use crate::{
    ShownPath,
    bounded_file::{self, AGAIN, AT_START},
};

/// Maximum number of readings of the credential files until two in a row are equal.
const READINGS: usize = 5;

/// Part of the credentials, such as the client secret, with its setting and file.
#[derive(Clone, Debug)]
pub struct CredentialText {
    setting: &'static str,
    file: Option<PathBuf>,
    text: SecretString,
}

/// Reason why credentials cannot be used. No secret is repeated, not even one that was entered
/// where a file's path belongs.
#[derive(Clone, PartialEq, Eq, Error)]
#[error("{setting}: {}{problem}", before(file.as_deref()))]
pub struct CredentialError {
    /// Name of the setting, such as `zitadel.key_file`.
    pub setting: &'static str,
    /// Path in the setting, if any, which may be a secret entered by mistake.
    pub file: Option<PathBuf>,
    /// Description of the problem with the credential.
    pub problem: String,
}

impl fmt::Debug for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CredentialError({self})")
    }
}

/// Returns the path `file` and a colon, to stand before the problem in an error's text; empty for
/// `None`.
fn before(file: Option<&Path>) -> String {
    file.map_or_else(String::new, |file| format!("{}: ", ShownPath(file)))
}

impl CredentialText {
    /// Creates a part of the credentials from its value; `setting` names the part in errors.
    #[must_use]
    pub fn value(setting: &'static str, text: &str) -> Self {
        Self { setting, file: None, text: text.into() }
    }

    /// Reads a part of the credentials from a file, without line breaks at the file's end;
    /// `setting` names the part in errors.
    ///
    /// # Errors
    /// When the file cannot be read, or is empty.
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

    /// Returns the setting that this part of the credentials comes from, such as
    /// `zitadel.client_id`.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        self.setting
    }

    /// Returns a reason why this part was probably not copied correctly, if any. The reason does
    /// not repeat the part.
    #[must_use]
    pub fn doubt(&self) -> Option<&'static str> {
        credential_doubt::doubt(self.expose_secret())
    }

    pub(super) fn expose_secret(&self) -> &str {
        self.text.expose_secret()
    }

    pub(super) fn in_file(&self) -> Option<(&'static str, &Path)> {
        Some((self.setting, self.file.as_deref()?))
    }

    pub(super) fn error(&self, problem: impl fmt::Display) -> CredentialError {
        let (setting, file) = (self.setting, self.file.clone());
        CredentialError { setting, file, problem: problem.to_string() }
    }

    pub(super) fn read_again(texts: &[Self]) -> Result<Vec<Self>, CredentialError> {
        let mut files = texts.iter().filter_map(Self::in_file);
        let Some((setting, file)) = files.next() else { return Ok(texts.to_vec()) };
        let known = texts.to_vec();
        bounded_file::by_thread(file, AGAIN, move || read_until_equal(&known)).unwrap_or_else(
            |error| {
                let or = files.next().map_or_else(String::new, |(other, _)| {
                    format!("this file, or that of {other}: ")
                });
                let (file, problem) = (Some(file.to_owned()), format!("{or}{error}"));
                Err(CredentialError { setting, file, problem })
            },
        )
    }

    fn read_once_more(&self) -> Result<Self, CredentialError> {
        let Some(file) = &self.file else { return Ok(self.clone()) };
        let content = bounded_file::read_all(file).map_err(|error| error.to_string());
        let text = content.and_then(secret).map_err(|problem| self.error(problem))?;
        Ok(Self { text, ..self.clone() })
    }
}

/// Compares only the values, not the settings and files that they come from.
impl PartialEq for CredentialText {
    fn eq(&self, other: &Self) -> bool {
        self.expose_secret() == other.expose_secret()
    }
}

/// Reads all files of `texts` until two readings in a row agree: a single reading may get one file
/// from before a replacement and another from after it.
fn read_until_equal(texts: &[CredentialText]) -> Result<Vec<CredentialText>, CredentialError> {
    let read = || texts.iter().map(CredentialText::read_once_more).collect();
    let mut last = read();
    for _ in 1..READINGS {
        let again = read();
        if again == last {
            break;
        }
        last = again;
    }
    last
}

fn secret(content: Vec<u8>) -> Result<SecretString, String> {
    let text = bounded_file::text(content).map_err(|error| error.to_string())?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err("the file is empty".to_owned()),
        text => Ok(text.into()),
    }
}
