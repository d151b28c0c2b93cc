//! Files in the working directory, as far as they matter to `setup`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use thiserror::Error;

use super::lock::{self, Lock};
use crate::config::{ConfigError, Prefix, dotenv_variables, environment};

pub(super) const ENV_FILE: &str = ".env";
pub(super) const KEY_FILE: &str = "key.json";

#[derive(Clone, Debug, Default)]
pub(super) struct Here {
    pub(super) directory: PathBuf,
    /// Content of `.env`; empty if there is no such file.
    pub(super) env: String,
    pub(super) variables: BTreeMap<String, String>,
    /// Environment variables of this process, which override those of `.env`.
    pub(super) environment: BTreeMap<String, String>,
    pub(super) key: Option<KeyHere>,
    pub(super) lock: Option<Lock>,
    /// Service users' token files, named in `Target::users`, that exist in the working directory.
    pub(super) token_files: Vec<PathBuf>,
}

/// Ids in `key.json`, the file with the application's key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct KeyHere {
    pub(super) client_id: String,
    pub(super) key_id: String,
}

/// Reason why a file in the working directory cannot be used; contains no secret.
#[derive(Debug, Error)]
pub(crate) enum HereError {
    #[error("{0}: {1}")]
    Read(&'static str, io::Error),
    #[error("{KEY_FILE}: it is no key of an application: move it away")]
    Key,
    #[error("{file}: it cannot be read ({0}): mend it, or move it away", file = lock::FILE)]
    Lock(serde_json::Error),
    #[error(transparent)]
    Env(#[from] ConfigError),
}

/// Reads the state of the working directory, and which of `token_files` exist there.
pub(super) fn read(
    directory: &Path,
    prefix: &Prefix,
    token_files: impl Iterator<Item = PathBuf>,
) -> Result<Here, HereError> {
    let text = |name: &'static str| match fs::read_to_string(directory.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(HereError::Read(name, error)),
    };
    let env = text(ENV_FILE)?.unwrap_or_default();
    let variables = dotenv_variables(&env, prefix)?;
    let key = text(KEY_FILE)?.map(|key| serde_json::from_str(&key).map_err(|_| HereError::Key));
    let lock = text(lock::FILE)?.map(|lock| Lock::parse(&lock).map_err(HereError::Lock));
    Ok(Here {
        directory: directory.to_owned(),
        env,
        variables,
        environment: environment(prefix)?,
        key: key.transpose()?,
        lock: lock.transpose()?,
        token_files: token_files.filter(|file| directory.join(file).exists()).collect(),
    })
}
