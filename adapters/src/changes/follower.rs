//! Task that reads a change feed, records its changes, and publishes the feed's state.

use std::{
    fmt,
    pin::pin,
    sync::{Arc, Weak},
    time::Duration,
};

use domain::{Batch, Change, ChangeFeed, Moment, Silence};
use metrics::{Counter, Gauge, counter, gauge};
use tokio::{
    sync::watch,
    time::{Instant, timeout},
};
use tracing::{info, warn};

use super::Changes;
use crate::Clocks;

/// Time between two checks of the watermark's age while the feed returns nothing.
const LOOK: Duration = Duration::from_millis(500);

/// Handle to the state of a change feed. Cheap to clone.
#[derive(Clone)]
pub struct Feed(watch::Receiver<FeedState>);

/// State of a change feed at one time.
#[derive(Clone, Debug, Default)]
pub struct FeedState {
    /// Watermark: the moment up to which all changes have been applied. `None` until a batch sets
    /// it.
    pub watermark: Option<Moment>,
    /// Number of times that the feed could not be read, since the start.
    pub silences: u64,
    /// Time when the watermark was found older than `max_staleness` (an argument of [`follow`]),
    /// and a keyword for the reason why the feed could not be read, such as `timed_out`; `None`
    /// while the watermark is newer.
    pub silent: Option<(Instant, &'static str)>,
}

struct Follower {
    changes: Weak<Changes>,
    clocks: Clocks,
    max_staleness: Duration,
    told: watch::Sender<FeedState>,
    began: Moment,
    last: Option<Silence>,
    metrics: FeedMetrics,
}

struct FeedMetrics {
    age: Gauge,
    told: Counter,
    /// Counters of failures to read the feed, one for each reason known in advance, such as
    /// `timed_out`; `other` counts failures for all other reasons.
    silences: Vec<(&'static str, Counter)>,
    other: Counter,
    changes: [Counter; Change::KINDS.len()],
}

/// Returns a handle to the feed's state, and a future that the caller must spawn. The future reads
/// `feed` and records its changes in `changes`, until all other owners of `changes` have dropped
/// it. Each keyword in `reasons` gets a counter of failures. Registers its metrics at the current
/// recorder.
pub fn follow(
    feed: Box<dyn ChangeFeed>,
    reasons: &[&'static str],
    changes: &Arc<Changes>,
    clocks: Clocks,
    max_staleness: Duration,
) -> (Feed, impl Future<Output = ()> + Send + use<>) {
    let (told, receiver) = watch::channel(FeedState::default());
    let follower = Follower {
        changes: Arc::downgrade(changes),
        began: clocks.now(),
        clocks,
        max_staleness,
        told,
        last: None,
        metrics: FeedMetrics::new(reasons),
    };
    (Feed(receiver), follower.run(feed))
}

impl Feed {
    /// Returns the current state of the change feed.
    #[must_use]
    pub fn told(&self) -> FeedState {
        self.0.borrow().clone()
    }

    /// Waits for and returns a feed state that satisfies `enough`; `None` if the follower's task
    /// has ended.
    pub(crate) async fn wait_for(
        &self,
        enough: impl FnMut(&FeedState) -> bool,
    ) -> Option<FeedState> {
        self.0.clone().wait_for(enough).await.ok().map(|told| told.clone())
    }
}

impl Follower {
    async fn run(mut self, mut feed: Box<dyn ChangeFeed>) {
        loop {
            let told = {
                let mut next = pin!(feed.next());
                loop {
                    match timeout(LOOK, &mut next).await {
                        Ok(told) => break told,
                        Err(_) => self.look(),
                    }
                }
            };
            let Some(changes) = self.changes.upgrade() else { return };
            match told {
                Ok(batch) => self.take_in(&batch, &changes),
                Err(silence) => self.note(silence),
            }
            self.look();
        }
    }

    fn take_in(&mut self, batch: &Batch, changes: &Changes) {
        changes.apply(batch, &*self.clocks.ticks);
        for change in &batch.changes {
            if let Some(counter) = self.metrics.changes.get(kind_index(change)) {
                counter.increment(1);
            }
        }
        let Some(as_of) = batch.as_of else { return };
        self.metrics.told.increment(1);
        self.told.send_modify(|told| told.watermark = Some(as_of));
    }

    fn note(&mut self, silence: Silence) {
        let metrics = &self.metrics;
        let of_reason = metrics.silences.iter().find(|(reason, _)| *reason == silence.reason);
        of_reason.map_or(&metrics.other, |(_, counter)| counter).increment(1);
        self.last = Some(silence);
        self.told.send_modify(|told| told.silences += 1);
    }

    /// Checks the watermark's age. Publishes and logs when `max_staleness` is exceeded, and when
    /// it no longer is.
    fn look(&self) {
        let (watermark, silent) = {
            let told = self.told.borrow();
            (told.watermark.unwrap_or(self.began), told.silent)
        };
        let age = watermark.age(self.clocks.now());
        self.metrics.age.set(age.as_secs_f64());
        let is_silent = age > self.max_staleness;
        match silent {
            None if is_silent => {
                let reason = self.last.as_ref().map_or("not_read_yet", |last| last.reason);
                let cause = self.last.as_ref().map(|last| last.source.to_string());
                warn!(
                    reason,
                    cause,
                    ?age,
                    "change feed: silent; answers are reused for cache.max_staleness alone, or as \
                     changes.when_silent says; check says what to do"
                );
                self.told.send_modify(|told| told.silent = Some((Instant::now(), reason)));
            }
            Some((since, _)) if !is_silent => {
                info!(after = ?since.elapsed(), "change feed: it tells again");
                self.told.send_modify(|told| told.silent = None);
            }
            _ => {}
        }
    }
}

impl FeedMetrics {
    fn new(reasons: &[&'static str]) -> Self {
        let polls = |result: &'static str| counter!("change_feed_polls_total", "result" => result);
        let changes = |kind: &'static str| counter!("change_feed_changes_total", "kind" => kind);
        Self {
            age: gauge!("change_feed_age_seconds"),
            told: polls("ok"),
            silences: reasons.iter().map(|reason| (*reason, polls(reason))).collect(),
            other: polls("other"),
            changes: Change::KINDS.map(changes),
        }
    }
}

fn kind_index(change: &Change) -> usize {
    Change::KINDS.iter().position(|kind| *kind == change.kind()).unwrap_or_default()
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Feed").field(&self.told()).finish()
    }
}

#[cfg(test)]
mod tests;
