//! The change feed as a witness: an inactive is believed after a look that was begun after it.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use super::{Feed, Told};
use crate::{
    Clocks,
    decorators::{Unvouched, Witness},
};

/// Vouches where the feed could look. A caller rings for a look at once; all who ring before it begins
/// share it.
pub struct FeedWitness {
    feed: Feed,
    ring: Arc<dyn Fn() + Send + Sync>,
    clocks: Clocks,
    setting: &'static str,
}

impl FeedWitness {
    /// Rings by `ring`, and names `setting` where the feed does not vouch.
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
    async fn vouch(&self) -> Result<(), Unvouched> {
        let called = self.clocks.ticks.now();
        let vouches = |told: &Told| told.watermark.is_some_and(|as_of| as_of.tick >= called);
        // A look that was under way may fail, and says nothing about the next one.
        for _ in 0..2 {
            let silences = self.feed.told().silences;
            (self.ring)();
            let told = self.feed.wait_for(|told| vouches(told) || told.silences > silences).await;
            if told.is_some_and(|told| vouches(&told)) {
                return Ok(());
            }
        }
        Err(Unvouched { witness: self.setting, why: "the event log could not be read" })
    }
}

impl fmt::Debug for FeedWitness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeedWitness").field("feed", &self.feed).finish_non_exhaustive()
    }
}
