//! This API's credentials in use, read again when their files change.

use std::{
    fmt, mem,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use domain::{Clock, IntrospectionError};
use tokio::{
    sync::Mutex,
    task::spawn_blocking,
    time::{sleep, timeout},
};
use tracing::{info, warn};

use super::{
    ClientCredentials, CredentialError, CredentialText, NamedIssuer,
    client_auth::ClientAuthentication,
};
use crate::{ShownPath, bounded_file::AGAIN};

/// Time between two reads of the credential files.
const PERIOD: Duration = Duration::from_secs(5);

/// Credentials in use, which are replaced when their files change. Reading the files blocks no
/// request.
///
/// A file counts as changed if its content differs. If new contents cannot be used, the old
/// credentials stay in use, and one warning is logged.
pub struct CurrentCredentials {
    current: RwLock<Arc<ClientCredentials>>,
    issuer: NamedIssuer,
    clock: Arc<dyn Clock>,
    /// Result of the last read of the credential files. The lock lets only one read run at a time.
    seen: Mutex<Seen>,
}

type Seen = Result<Vec<CredentialText>, CredentialError>;

impl CurrentCredentials {
    /// Puts `credentials` in use for requests to `issuer`, until their files change. Client
    /// assertions are dated by `clock`.
    #[must_use]
    pub fn new(
        credentials: ClientCredentials,
        issuer: impl Into<NamedIssuer>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let seen = Mutex::new(Ok(credentials.texts().to_vec()));
        let current = RwLock::new(Arc::new(credentials));
        Self { current, issuer: issuer.into(), clock, seen }
    }

    /// Returns whether any part of the credentials is in a file.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.current().texts().iter().any(|text| text.in_file().is_some())
    }

    /// Reads the credential files again, within a time limit, and returns whether the credentials
    /// changed. Cancel-safe: the next call finds a change that a dropped call missed.
    pub async fn look(&self) -> bool {
        self.may_change() && self.read_again(&mut *self.seen.lock().await).await
    }

    /// Reads the credential files again every five seconds, until these credentials are dropped.
    pub fn look_regularly(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let used = Arc::downgrade(self);
        async move {
            loop {
                sleep(PERIOD).await;
                let Some(credentials) = used.upgrade() else { return };
                credentials.look().await;
            }
        }
    }

    pub(super) fn current(&self) -> Arc<ClientCredentials> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn authentication(
        &self,
        credentials: &ClientCredentials,
    ) -> Result<ClientAuthentication, IntrospectionError> {
        credentials.authentication(&self.issuer, &*self.clock)
    }

    /// Returns another client authentication to try after ZITADEL refused `shown`, which was made
    /// from the credentials `refused`. Reads the credential files again, and signs a new client
    /// assertion if no file changed; `None` if neither gives a new authentication.
    pub(super) async fn after_refusal(
        &self,
        refused: &Arc<ClientCredentials>,
        shown: &ClientAuthentication,
    ) -> Option<ClientAuthentication> {
        if self.may_change() {
            let look = async {
                let mut seen = self.seen.lock().await;
                // The first of many callers that were refused together reads the files for all.
                if Arc::ptr_eq(&self.current(), refused) {
                    self.read_again(&mut seen).await;
                }
            };
            // Without a time limit, a hanging file would hold callers until `zitadel.timeout`.
            let _ = timeout(AGAIN, look).await;
        }
        let current = self.current();
        if Arc::ptr_eq(&current, refused) && !current.renew(shown, &*self.clock) {
            return None;
        }
        self.authentication(&current).ok()
    }

    async fn read_again(&self, seen: &mut Seen) -> bool {
        let current = self.current();
        let used = Arc::clone(&current);
        let reading = spawn_blocking(move || CredentialText::read_again(used.texts()));
        // A runtime that is shutting down reads nothing.
        let Ok(found) = reading.await else { return false };
        if found == *seen {
            return false;
        }
        let before = mem::replace(seen, found.clone());
        match found.and_then(|texts| current.with(&texts)) {
            Ok(credentials) => {
                let (client_id, key_id) = (credentials.client_id(), credentials.key_id());
                for (setting, file) in changed(before.as_deref().ok(), credentials.texts()) {
                    let file = file.display();
                    info!(setting, %file, %client_id, key_id, "credentials replaced: the file was read again");
                }
                *self.current.write().unwrap_or_else(PoisonError::into_inner) =
                    Arc::new(credentials);
                true
            }
            Err(CredentialError { setting, file, problem }) => {
                let file = ShownPath(file.as_deref().unwrap_or(Path::new("")));
                warn!(
                    setting, %file, problem,
                    "the credentials stay as they were: the file cannot be used",
                );
                false
            }
        }
    }
}

fn changed<'a>(
    before: Option<&'a [CredentialText]>,
    now: &'a [CredentialText],
) -> impl Iterator<Item = (&'static str, &'a Path)> {
    let mut before = before.unwrap_or_default().iter();
    now.iter().filter(move |text| before.next() != Some(text)).filter_map(CredentialText::in_file)
}

impl fmt::Debug for CurrentCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("CurrentCredentials").field(&self.current()).finish()
    }
}

#[cfg(test)]
mod tests;
