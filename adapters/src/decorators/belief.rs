//! Times at which an inactive is not believed.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::future::try_join_all;
use tokio::{
    task::AbortHandle,
    time::{Instant, sleep},
};
use tracing::info;

use super::{Unvouched, Witness};

/// Time between two looks whether it is over.
const PERIOD: Duration = Duration::from_secs(5);

/// All witnesses of one server, and since when they do not agree with it, for a health check.
///
/// A doubt begins with an answer that was not believed. It ends when all witnesses vouch, which a task
/// of its own asks them every 5 seconds: without it the doubt would last until the next inactive.
#[derive(Clone, Default)]
pub struct Belief(Arc<Shared>);

#[derive(Default)]
struct Shared {
    witnesses: Vec<Arc<dyn Witness>>,
    doubt: Mutex<Option<Doubt>>,
}

struct Doubt {
    since: Instant,
    /// Task that ends the doubt.
    looking: AbortHandle,
}

impl Belief {
    /// Believes an inactive if all of `witnesses` vouch for it; without any, always.
    pub(crate) fn new(witnesses: Vec<Arc<dyn Witness>>) -> Self {
        Self(Arc::new(Shared { witnesses, doubt: Mutex::default() }))
    }

    /// Returns since when inactives are not believed, if that is so.
    #[must_use]
    pub fn doubted_since(&self) -> Option<Instant> {
        self.0.doubt().as_ref().map(|doubt| doubt.since)
    }

    pub(super) fn has_witnesses(&self) -> bool {
        !self.0.witnesses.is_empty()
    }

    /// Asks all witnesses at once, by questions that are sent after this call began.
    pub(super) async fn vouch(&self) -> Result<(), Unvouched> {
        self.0.vouch().await
    }

    pub(super) fn heard_active(&self) {
        for witness in &self.0.witnesses {
            witness.heard_active();
        }
    }

    /// Takes note of an inactive that was not believed.
    pub(super) fn doubt(&self) {
        let mut doubt = self.0.doubt();
        if doubt.as_ref().is_some_and(|doubt| !doubt.looking.is_finished()) {
            return;
        }
        let since = doubt.take().map_or_else(Instant::now, |doubt| doubt.since);
        let shared = Arc::downgrade(&self.0);
        let looking = tokio::spawn(async move {
            loop {
                sleep(PERIOD).await;
                let Some(shared) = shared.upgrade() else { return };
                if shared.vouch().await.is_ok() {
                    return shared.believe();
                }
            }
        });
        *doubt = Some(Doubt { since, looking: looking.abort_handle() });
    }
}

impl Shared {
    async fn vouch(&self) -> Result<(), Unvouched> {
        try_join_all(self.witnesses.iter().map(|witness| witness.vouch())).await.map(drop)
    }

    fn believe(&self) {
        if let Some(Doubt { since, .. }) = self.doubt().take() {
            info!(after = ?since.elapsed(), "introspection: an inactive token is believed again");
        }
    }

    fn doubt(&self) -> MutexGuard<'_, Option<Doubt>> {
        self.doubt.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Belief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Belief")
            .field("witnesses", &self.0.witnesses.len())
            .field("doubted_since", &self.doubted_since())
            .finish()
    }
}
