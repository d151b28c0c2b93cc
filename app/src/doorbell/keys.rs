//! Signing keys of ZITADEL's webhook, read again from their file while the API runs.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use adapters::{
    bounded_file::{self, AGAIN},
    zitadel::SigningKeys,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::{task::spawn_blocking, time::sleep};
use tracing::{info, warn};

/// Interval at which the key file is read again.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

pub(super) struct Keys {
    file: PathBuf,
    current: RwLock<Arc<SigningKeys>>,
}

type Content = Result<SecretString, io::ErrorKind>;

impl Keys {
    pub(super) fn new(file: PathBuf, keys: SigningKeys) -> Self {
        Self { file, current: RwLock::new(Arc::new(keys)) }
    }

    pub(super) fn current(&self) -> Arc<SigningKeys> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the key file every five seconds, and takes over changed keys.
    pub(super) async fn follow(self: Arc<Self>) {
        let mut seen = None;
        loop {
            sleep(BETWEEN_LOOKS).await;
            let file = self.file.clone();
            let read = spawn_blocking(move || bounded_file::read_to_string(&file, AGAIN)).await;
            // The runtime is shutting down.
            let Ok(content) = read else { return };
            let content = content.map(SecretString::from).map_err(|error| error.kind());
            if !seen.as_ref().is_some_and(|seen| is_same(seen, &content)) {
                self.take(&content);
                seen = Some(content);
            }
        }
    }

    /// Replaces the keys by those in `content` of the key file. If it has no valid keys, logs a
    /// warning and keeps the current ones.
    fn take(&self, content: &Content) {
        let file = self.file.display();
        let stay = "the webhook's signing keys stay as they were: the file cannot be used";
        match content.as_ref().map(|text| SigningKeys::parse(text.expose_secret())) {
            Ok(Ok(keys)) if keys == *self.current() => {}
            Ok(Ok(keys)) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
                info!(%file, "the webhook's signing keys were replaced: the file was read again");
            }
            Ok(Err(error)) => warn!(%file, problem = %error, "{stay}"),
            Err(error) => warn!(%file, problem = %error, "{stay}"),
        }
    }
}

fn is_same(seen: &Content, content: &Content) -> bool {
    match (seen, content) {
        (Ok(seen), Ok(content)) => seen.expose_secret() == content.expose_secret(),
        (Err(seen), Err(error)) => seen == error,
        _ => false,
    }
}
