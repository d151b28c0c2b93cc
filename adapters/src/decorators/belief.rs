//! Asks witnesses (checks of ZITADEL's database) about inactive verdicts, and records since when
//! such verdicts are not believed.

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

/// Time between two calls to the witnesses while inactive verdicts are in doubt.
const PERIOD: Duration = Duration::from_secs(5);

/// Holds the witnesses, which confirm that ZITADEL's database works. During a doubt, when inactive
/// verdicts are not believed, it also holds the time when the doubt began, for a health check.
///
/// A doubt begins with an inactive verdict that was not believed, and ends when all witnesses
/// vouch. A task asks the witnesses every 5 seconds: otherwise a doubt would last until the next
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
    /// Handle that shows whether the task that asks the witnesses still runs.
    looking: AbortHandle,
}

impl Belief {
    /// Creates a holder that asks `witnesses`. Without any, every inactive verdict is believed.
    pub(crate) fn new(witnesses: Vec<Arc<dyn Witness>>) -> Self {
        Self(Arc::new(Shared { witnesses, doubt: Mutex::default() }))
    }

    /// Returns the time since which inactive verdicts have not been believed; `None` if they are
    /// believed.
    #[must_use]
    pub fn doubted_since(&self) -> Option<Instant> {
        self.0.doubt().as_ref().map(|doubt| doubt.since)
    }

    pub(super) fn has_witnesses(&self) -> bool {
        !self.0.witnesses.is_empty()
    }

    /// Asks all witnesses at once, by requests sent after this call begins. Fails unless all vouch.
    pub(super) async fn vouch(&self) -> Result<(), NoWitness> {
        self.0.vouch().await
    }

    pub(super) fn heard_active(&self) {
        for witness in &self.0.witnesses {
            witness.heard_active();
        }
    }

    /// Records that an inactive verdict was not believed. Starts a task that asks the witnesses
    /// until all vouch, unless one runs already.
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
