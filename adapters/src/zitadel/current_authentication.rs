//! Credentials of this API, which may be replaced while questions are under way.
//!
//! This module decides when to look for others; their source knows where they are and reads them.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use async_trait::async_trait;
use tokio::{
    sync::Mutex,
    time::{sleep, timeout},
};

use super::{
    ClientCredentials, NamedIssuer,
    client_auth::{ClientAuthentication, Credentials},
    credential_files::CredentialFiles,
};
use crate::bounded_file::AGAIN;

/// Time between two looks at the source.
const PERIOD: Duration = Duration::from_secs(5);

/// Source of credentials that may change while the API runs.
#[async_trait]
pub trait AuthenticationSource: Send {
    /// Returns the current credentials, if they can be used and differ from those of the last look.
    /// Cancel-safe: the next look sees what a dropped one missed.
    async fn changed(&mut self) -> Option<ClientAuthentication>;
}

/// Credentials in use. A question reads them under one short lock; a look for others blocks no
/// reader.
pub struct CurrentAuthentication {
    current: RwLock<Arc<ClientAuthentication>>,
    /// Locked during a look: there is one at a time.
    source: Option<Mutex<Box<dyn AuthenticationSource>>>,
}

/// Creates credentials that never change.
impl From<ClientAuthentication> for CurrentAuthentication {
    fn from(authentication: ClientAuthentication) -> Self {
        Self { current: RwLock::new(Arc::new(authentication)), source: None }
    }
}

impl CurrentAuthentication {
    /// Creates credentials that are used until `source` has others.
    #[must_use]
    pub fn from_source(
        authentication: ClientAuthentication,
        source: impl AuthenticationSource + 'static,
    ) -> Self {
        Self { source: Some(Mutex::new(Box::new(source))), ..authentication.into() }
    }

    /// Uses these credentials at `issuer`. Files are read again, and replace the credentials they
    /// held.
    #[must_use]
    pub fn new(credentials: ClientCredentials, issuer: impl Into<NamedIssuer>) -> Self {
        let issuer = issuer.into();
        let ClientCredentials { written, parsed } = credentials;
        let authentication = ClientAuthentication::of(parsed, &issuer);
        if written.in_files().next().is_none() {
            return authentication.into();
        }
        Self::from_source(authentication, CredentialFiles::new(written, issuer))
    }

    /// Returns whether there is a source of other credentials.
    #[must_use]
    pub fn may_change(&self) -> bool {
        self.source.is_some()
    }

    /// Looks at the source, and uses its credentials from then on if they changed.
    pub async fn look(&self) {
        if let Some(source) = &self.source {
            self.take_from(&mut **source.lock().await).await;
        }
    }

    /// Looks every five seconds, until these credentials are dropped.
    pub fn look_regularly(self: &Arc<Self>) -> impl Future<Output = ()> + Send + use<> {
        let used = Arc::downgrade(self);
        async move {
            loop {
                sleep(PERIOD).await;
                let Some(authentication) = used.upgrade() else { return };
                authentication.look().await;
            }
        }
    }

    pub(super) fn current(&self) -> Arc<ClientAuthentication> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the credentials for another try after `shown`, of `refused`, was refused: other ones
    /// if there are any by now, or the same signed afresh.
    pub(super) async fn after_refusal(
        &self,
        refused: &Arc<ClientAuthentication>,
        shown: &Credentials,
    ) -> Option<Credentials> {
        if let Some(source) = &self.source {
            let look = async {
                let mut source = source.lock().await;
                // The first of many callers that were refused together looks for all.
                if Arc::ptr_eq(&self.current(), refused) {
                    self.take_from(&mut **source).await;
                }
            };
            // Without a bound, a hanging source would hold callers until `zitadel.timeout`, and
            // ZITADEL would be blamed. The next look sees what this one missed.
            let _ = timeout(AGAIN, look).await;
        }
        let current = self.current();
        if Arc::ptr_eq(&current, refused) && !current.renew(shown) {
            return None;
        }
        current.credentials().ok()
    }

    async fn take_from(&self, source: &mut dyn AuthenticationSource) {
        if let Some(changed) = source.changed().await {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(changed);
        }
    }
}

impl fmt::Debug for CurrentAuthentication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentAuthentication")
            .field("current", &self.current())
            .field("may_change", &self.source.is_some())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use domain::ClientId;
    use tokio::{
        task::JoinSet,
        time::{Instant, advance, timeout},
    };

    use super::*;

    fn authentication(secret: &str) -> ClientAuthentication {
        let client_id = ClientId::parse("id").unwrap();
        ClientAuthentication::client_secret_basic(&client_id, &secret.into())
    }

    /// Counts the looks at it, the first `changes` of which find other credentials.
    struct Counted {
        looks: Arc<AtomicUsize>,
        changes: usize,
    }

    #[async_trait]
    impl AuthenticationSource for Counted {
        async fn changed(&mut self) -> Option<ClientAuthentication> {
            let look = self.looks.fetch_add(1, Ordering::SeqCst) + 1;
            // Yields as reading a file would.
            tokio::task::yield_now().await;
            (look <= self.changes).then(|| authentication(&format!("secret-{look}")))
        }
    }

    fn counted(changes: usize) -> (Arc<CurrentAuthentication>, Arc<AtomicUsize>) {
        let looks = Arc::<AtomicUsize>::default();
        let source = Counted { looks: Arc::clone(&looks), changes };
        let current = CurrentAuthentication::from_source(authentication("first"), source);
        (Arc::new(current), looks)
    }

    #[tokio::test(start_paused = true)]
    async fn the_source_is_looked_at_every_five_seconds_until_nobody_needs_it() {
        let (current, looks) = counted(1);
        let first = current.current();
        let looking = tokio::spawn(current.look_regularly());
        let began = Instant::now();
        while Arc::ptr_eq(&first, &current.current()) {
            assert!(began.elapsed() < Duration::from_mins(1), "nobody looks");
            sleep(Duration::from_millis(1)).await;
        }
        assert!(began.elapsed().abs_diff(Duration::from_secs(5)) < Duration::from_millis(10));
        sleep(Duration::from_secs(10)).await;
        assert_eq!(looks.load(Ordering::SeqCst), 3);
        drop(current);
        timeout(Duration::from_mins(1), looking).await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_a_reason_to_look_and_the_first_of_many_looks_for_all() {
        let (current, looks) = counted(1);
        let refused = current.current();
        let shown = refused.credentials().unwrap();
        let mut callers = JoinSet::new();
        for _ in 0..100 {
            let (current, refused) = (Arc::clone(&current), Arc::clone(&refused));
            callers.spawn(async move {
                let shown = refused.credentials().unwrap();
                current.after_refusal(&refused, &shown).await.is_some()
            });
        }
        assert_eq!(callers.join_all().await, [true; 100]);
        assert_eq!(looks.load(Ordering::SeqCst), 1);
        // A late caller, whose credentials were replaced long ago.
        advance(Duration::from_hours(1)).await;
        assert!(current.after_refusal(&refused, &shown).await.is_some());
        assert_eq!(looks.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn without_a_change_a_refusal_is_final() {
        let (current, looks) = counted(0);
        let refused = current.current();
        let shown = refused.credentials().unwrap();
        assert!(current.after_refusal(&refused, &shown).await.is_none());
        assert_eq!(looks.load(Ordering::SeqCst), 1);
        let fixed = CurrentAuthentication::from(authentication("first"));
        let refused = fixed.current();
        assert!(fixed.after_refusal(&refused, &shown).await.is_none());
    }

    #[tokio::test]
    async fn debug_shows_no_secret() {
        let (current, _) = counted(1);
        current.look().await;
        let shown = format!("{current:?}");
        assert!(shown.contains("client_secret_basic") && !shown.contains("secret-1"), "{shown}");
    }
}
