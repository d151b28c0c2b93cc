//! Confirms inactive verdicts by reading ZITADEL's event log, from which the change feed comes:
//! while the log can be read, ZITADEL's database works.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use super::{Feed, FeedState};
use crate::{
    Clocks,
    decorators::{NoWitness, Witness},
};

/// Witness (check of ZITADEL's database). Each call requests a poll of the feed at once, and
/// vouches if that poll succeeds. Calls that come before the poll begins share it.
pub struct FeedWitness {
    feed: Feed,
    ring: Arc<dyn Fn() + Send + Sync>,
    clocks: Clocks,
    setting: &'static str,
}

impl FeedWitness {
    /// Creates a witness that vouches by polls of `feed`. `ring` requests a poll; `setting` names
    /// the witness's setting in errors.
    #[must_use]
    pub fn new(
        feed: Feed,
        ring: Arc<dyn Fn() + Send + Sync>,
        clocks: Clocks,
        setting: &'static str,
    ) -> Self {
        Self { feed, ring, clocks, setting }
    }
}

#[async_trait]
impl Witness for FeedWitness {
    async fn vouch(&self) -> Result<(), NoWitness> {
        let called = self.clocks.ticks.now();
        let vouches = |told: &FeedState| told.watermark.is_some_and(|as_of| as_of.tick >= called);
        // A poll that was already under way may fail, which says nothing about the next one.
        for _ in 0..2 {
            let silences = self.feed.told().silences;
            (self.ring)();
            let told = self.feed.wait_for(|told| vouches(told) || told.silences > silences).await;
            if told.is_some_and(|told| vouches(&told)) {
                return Ok(());
            }
        }
        Err(NoWitness { witness: self.setting, why: "the event log could not be read" })
    }
}

impl fmt::Debug for FeedWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedWitness").field("feed", &self.feed).finish_non_exhaustive()
    }
}
