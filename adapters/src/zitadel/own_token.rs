//! Token that this API itself uses, from a file that may change while the API runs.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::AccessToken;
use tokio::{sync::Mutex, task::spawn_blocking, time::sleep};
use tracing::{info, warn};

use super::CredentialError;
use crate::{
    ShownPath,
    bounded_file::{self, AGAIN, AT_START},
};

/// Time between two readings of the token file.
const PERIOD: Duration = Duration::from_secs(5);

/// Token that this API itself uses, such as a service user's personal access token, with its file.
/// If the file becomes unusable, the token stays and one warning is logged.
pub struct OwnToken {
    setting: &'static str,
    file: PathBuf,
    current: RwLock<AccessToken<'static>>,
    /// Last result of reading the token file: the token, or the reason why the file is unusable.
    seen: Mutex<Result<AccessToken<'static>, String>>,
}

impl OwnToken {
    /// Reads the token from `file`, without white space around it. `setting` names the setting that
    /// holds the path, for errors and the log.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no access token.
    pub fn file(setting: &'static str, file: impl Into<PathBuf>) -> Result<Self, CredentialError> {
        let file = file.into();
        match read(&file, AT_START) {
            Ok(token) => {
                let (current, seen) = (RwLock::new(token.clone()), Mutex::new(Ok(token)));
                Ok(Self { setting, file, current, seen })
            }
            Err(problem) => Err(CredentialError { setting, file: Some(file), problem }),
        }
    }

    /// Returns the name of the setting that holds the file's path.
    #[must_use]
    pub fn setting(&self) -> &'static str {
        self.setting
    }

    /// Returns the last usable token that was read.
    #[must_use]
    pub fn current(&self) -> AccessToken<'static> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the token file again every 5 seconds, until the token is dropped.
    pub(super) fn look_regularly(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let used = Arc::downgrade(self);
        async move {
            while let Some(token) = used.upgrade() {
                token.look().await;
                drop(token);
                sleep(PERIOD).await;
            }
        }
    }

    /// Reads the token file again, giving up after 250 ms; returns whether the token changed.
    /// Cancel-safe.
    pub async fn look(&self) -> bool {
        let mut seen = self.seen.lock().await;
        let file = self.file.clone();
        // A runtime that is shutting down reads nothing.
        let Ok(found) = spawn_blocking(move || read(&file, AGAIN)).await else { return false };
        if found == *seen {
            return false;
        }
        seen.clone_from(&found);
        let (setting, file) = (self.setting, ShownPath(&self.file));
        match found {
            Ok(token) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                if *current == token {
                    return false;
                }
                *current = token;
                info!(setting, %file, "token replaced: the file was read again");
                true
            }
            Err(problem) => {
                warn!(setting, %file, problem, "the token stays as it was: the file cannot be used");
                false
            }
        }
    }
}

fn read(file: &Path, within: Duration) -> Result<AccessToken<'static>, String> {
    let text = bounded_file::read_to_string(file, within).map_err(|error| error.to_string())?;
    match text.trim_ascii() {
        "" => Err("the file is empty".to_owned()),
        text => AccessToken::parse(text)
            .map(AccessToken::into_owned)
            .map_err(|error| format!("one access token is meant: {error}")),
    }
}

impl fmt::Debug for OwnToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnToken").field("setting", &self.setting).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SETTING: &str = "zitadel.canary_token_file";

    #[test]
    fn a_file_without_a_token_is_refused_and_the_error_repeats_nothing_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        let long = "a".repeat(AccessToken::MAX_LENGTH + 1);
        for (content, expected) in [
            ("", "is empty"),
            (" \n", "is empty"),
            ("se cret", "does not allow"),
            ("\"secret\"", "does not allow"),
            ("secret\nsecret", "does not allow"),
            ("\u{feff}secret", "does not allow"),
            (long.as_str(), "longer than"),
        ] {
            fs::write(&file, content).unwrap();
            let error = OwnToken::file(SETTING, &file).unwrap_err();
            assert_eq!(error.setting, SETTING);
            assert!(error.problem.contains(expected), "{content:.20}: {error}");
            assert!(!error.problem.contains("secret"), "{error}");
        }
        fs::remove_file(&file).unwrap();
        assert!(OwnToken::file(SETTING, &file).is_err());
    }

    #[tokio::test]
    async fn a_look_sees_another_token_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token");
        fs::write(&file, "first\n").unwrap();
        let token = OwnToken::file(SETTING, &file).unwrap();
        for (content, changed, current) in [
            (Some("first"), false, "first"),
            (Some("second\r\n"), true, "second"),
            (Some("second"), false, "second"),
            (Some(""), false, "second"),
            (None, false, "second"),
            (Some("no token"), false, "second"),
            (Some("second"), false, "second"),
            (Some("third"), true, "third"),
        ] {
            match content {
                Some(content) => fs::write(&file, content).unwrap(),
                None => fs::remove_file(&file).unwrap(),
            }
            assert_eq!(token.look().await, changed, "{content:?}");
            assert_eq!(token.current().expose_secret(), current, "{content:?}");
        }
        assert!(!format!("{token:?}").contains("third"));
    }
}
