//! Periods in which inactive verdicts are not believed.

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

use super::{NoWitness, Witness};

/// Time between two checks whether a doubt has ended.
const PERIOD: Duration = Duration::from_secs(5);

/// Witnesses of one server, and the start of a current doubt, for a health check.
///
/// A doubt begins with an inactive verdict that was not believed. It ends when all witnesses vouch;
/// a task of its own asks them every 5 seconds. Without that task a doubt would last until the next
/// inactive verdict.
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
    /// Believes an inactive verdict if all of `witnesses` vouch for it; without any, always.
    pub(crate) fn new(witnesses: Vec<Arc<dyn Witness>>) -> Self {
        Self(Arc::new(Shared { witnesses, doubt: Mutex::default() }))
    }

    /// Returns the start of the current doubt; `None` if there is none.
    #[must_use]
    pub fn doubted_since(&self) -> Option<Instant> {
        self.0.doubt().as_ref().map(|doubt| doubt.since)
    }

    pub(super) fn has_witnesses(&self) -> bool {
        !self.0.witnesses.is_empty()
    }

    /// Asks all witnesses at once. Their questions are sent after this call began.
    pub(super) async fn vouch(&self) -> Result<(), NoWitness> {
        self.0.vouch().await
    }

    pub(super) fn heard_active(&self) {
        for witness in &self.0.witnesses {
            witness.heard_active();
        }
    }

    /// Records an inactive verdict that was not believed.
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
    async fn vouch(&self) -> Result<(), NoWitness> {
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
