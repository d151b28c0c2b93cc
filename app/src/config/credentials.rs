//! This API's credentials at ZITADEL, and where they are written down: a file is read again while
//! the API runs.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use adapters::zitadel::KeyFile;
use domain::ClientId;
use secrecy::{ExposeSecret, SecretString};

use super::{error::ConfigError, layers::Layers};

const CLIENT_ID: &str = "zitadel.client_id";
const CLIENT_ID_FILE: &str = "zitadel.client_id_file";
const CLIENT_SECRET: &str = "zitadel.client_secret";
const CLIENT_SECRET_FILE: &str = "zitadel.client_secret_file";
const KEY_FILE: &str = "zitadel.key_file";

/// The settings that say who this API is.
pub(super) const SETTINGS: [&str; 5] =
    [CLIENT_ID, CLIENT_ID_FILE, CLIENT_SECRET, CLIENT_SECRET_FILE, KEY_FILE];

/// So often files are read, at most, until two readings in a row say the same.
const READINGS: usize = 5;

/// This API's credentials.
#[derive(Debug)]
pub enum Credentials {
    /// `client_secret_basic`.
    ClientSecret {
        /// The client id.
        client_id: ClientId,
        /// The secret.
        client_secret: SecretString,
    },
    /// `private_key_jwt`.
    PrivateKey(KeyFile),
}

/// Credentials as they are written down, not yet understood: in settings, and in files that
/// settings name.
#[derive(Clone, Debug, PartialEq)]
pub enum WrittenCredentials {
    /// For `client_secret_basic`.
    ClientSecret {
        /// The client id.
        client_id: Written,
        /// The secret.
        client_secret: Written,
    },
    /// For `private_key_jwt`.
    PrivateKey {
        /// The content of ZITADEL's `key.json`.
        key: Written,
        /// The client id that it must have, if any.
        client_id: Option<String>,
    },
}

/// A text, and where it stands.
#[derive(Clone, Debug)]
pub struct Written {
    setting: &'static str,
    /// The file that the setting names, if it is not the text itself.
    file: Option<PathBuf>,
    text: SecretString,
}

impl PartialEq for Written {
    fn eq(&self, other: &Self) -> bool {
        self.text.expose_secret() == other.text.expose_secret()
    }
}

/// Why credentials cannot be used as they are written down. It repeats nothing of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CredentialError {
    pub(crate) setting: &'static str,
    /// The file that the setting names, if it names one.
    pub(crate) file: Option<PathBuf>,
    pub(crate) problem: String,
}

impl WrittenCredentials {
    pub(super) fn of(layers: &Layers, directory: &Path) -> Result<Self, ConfigError> {
        only_one(layers, &[CLIENT_SECRET, CLIENT_SECRET_FILE, KEY_FILE])?;
        only_one(layers, &[CLIENT_ID, CLIENT_ID_FILE])?;
        let in_file = |setting| Written::in_file(layers, setting, directory);
        if layers.origin(CLIENT_ID_FILE).is_some() && layers.origin(CLIENT_SECRET_FILE).is_none() {
            return Err(layers.conflict(
                CLIENT_ID_FILE,
                "it goes with zitadel.client_secret_file, so that both are replaced together; use \
                 that, or zitadel.client_id; a key file needs neither",
            ));
        }
        if let Some(key) = in_file(KEY_FILE)? {
            return Ok(Self::PrivateKey { key, client_id: layers.text(CLIENT_ID)? });
        }
        let client_secret = match in_file(CLIENT_SECRET_FILE)? {
            Some(client_secret) => Some(client_secret),
            None => Written::in_setting(layers, CLIENT_SECRET)?,
        };
        let client_secret = client_secret.ok_or_else(|| {
            layers.conflict(
                "zitadel.domain",
                "there are no credentials to go with it: set zitadel.client_id and \
                 zitadel.client_secret (CLIENT_ID, CLIENT_SECRET), or zitadel.key_file (KEY_FILE)",
            )
        })?;
        let client_id = match in_file(CLIENT_ID_FILE)? {
            Some(client_id) => Some(client_id),
            None => Written::in_setting(layers, CLIENT_ID)?,
        };
        let client_id = client_id
            .ok_or_else(|| layers.error(CLIENT_ID, "it is missing, and a client secret is set"))?;
        Ok(Self::ClientSecret { client_id, client_secret })
    }

    /// What they mean.
    pub(crate) fn parse(&self) -> Result<Credentials, CredentialError> {
        match self {
            Self::ClientSecret { client_id, client_secret } => Ok(Credentials::ClientSecret {
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
                Ok(Credentials::PrivateKey(key_file))
            }
        }
    }

    /// The same with the files read again. Of two files that are replaced together, one reading may
    /// find the old one and the new one: two readings in a row have to say the same.
    pub(crate) fn read_again(&self) -> Result<Self, CredentialError> {
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

    /// Those parts that stand in files: the setting, the file, and the text that it had.
    pub(crate) fn in_files(&self) -> impl Iterator<Item = (&'static str, &Path, &SecretString)> {
        let parts = match self {
            Self::ClientSecret { client_id, client_secret } => {
                [Some(client_id), Some(client_secret)]
            }
            Self::PrivateKey { key, .. } => [Some(key), None],
        };
        parts
            .into_iter()
            .flatten()
            .filter_map(|Written { setting, file, text }| Some((*setting, file.as_deref()?, text)))
    }
}

impl Written {
    /// The text of `setting`, if it is set.
    fn in_setting(layers: &Layers, setting: &'static str) -> Result<Option<Self>, ConfigError> {
        let here = |text: String| Self { setting, file: None, text: text.into() };
        Ok(layers.text(setting)?.map(here))
    }

    /// The text of the file that `setting` names, if it is set.
    fn in_file(
        layers: &Layers,
        setting: &'static str,
        directory: &Path,
    ) -> Result<Option<Self>, ConfigError> {
        let Some(file) = layers.text(setting)? else { return Ok(None) };
        let file = directory.join(file);
        let text = read(&file).map_err(|problem| {
            layers.error(setting, format_args!("{}: {problem}", file.display()))
        })?;
        Ok(Some(Self { setting, file: Some(file), text }))
    }

    fn read_again(&self) -> Result<Self, CredentialError> {
        let text = match &self.file {
            Some(file) => read(file).map_err(|problem| self.error(problem))?,
            None => self.text.clone(),
        };
        Ok(Self { setting: self.setting, file: self.file.clone(), text })
    }

    fn error(&self, problem: impl fmt::Display) -> CredentialError {
        let (setting, file) = (self.setting, self.file.clone());
        CredentialError { setting, file, problem: problem.to_string() }
    }
}

/// The content of a file, without the line break at its end.
fn read(file: &Path) -> Result<SecretString, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err("the file is empty".to_owned()),
        text => Ok(text.into()),
    }
}

/// Refuses settings of which more than one is set.
fn only_one(layers: &Layers, settings: &[&'static str]) -> Result<(), ConfigError> {
    let mut set = settings.iter().filter_map(|name| Some((name, layers.origin(name)?)));
    match (set.next(), set.next()) {
        (Some((first, origin)), Some((second, _))) => Err(layers.conflict(
            second,
            format!("{first} ({origin}) is set too, and only one of them can be used"),
        )),
        _ => Ok(()),
    }
}
