//! Test helper: a change feed that a test scripts, with clocks that the test can pause.

use std::{sync::Arc, time::Duration};

use domain::{Batch, Change, ChangeFeed, Moment, ReuseRule, Silence, WhenSilent};
use tokio::{sync::mpsc, task::yield_now, time::advance};

use super::{Changes, Feed, follow};
use crate::{Clocks, paused_clocks::clocks};

pub(super) const MAX_STALENESS: Duration = Duration::from_secs(3);

const REASONS: [&str; 2] = ["timed_out", "server_error"];

struct Scripted(mpsc::UnboundedReceiver<Result<Batch, Silence>>);

#[async_trait::async_trait]
impl ChangeFeed for Scripted {
    async fn next(&mut self) -> Result<Batch, Silence> {
        match self.0.recv().await {
            Some(told) => told,
            None => std::future::pending().await,
        }
    }
}

pub(super) struct World {
    pub(super) tell: mpsc::UnboundedSender<Result<Batch, Silence>>,
    pub(super) changes: Arc<Changes>,
    pub(super) feed: Feed,
    pub(super) clocks: Clocks,
}

pub(super) fn world() -> World {
    let (tell, told) = mpsc::unbounded_channel();
    let (settle, lag) = (Duration::from_secs(5), Duration::from_secs(120));
    let rule = ReuseRule::new(MAX_STALENESS, settle, lag, WhenSilent::Ask);
    let (changes, clocks) = (Arc::new(Changes::new(rule, [])), clocks());
    let (feed, run) =
        follow(Box::new(Scripted(told)), &REASONS, &changes, clocks.clone(), MAX_STALENESS);
    tokio::spawn(run);
    World { tell, changes, feed, clocks }
}

impl World {
    pub(super) fn tell(&self, changes: Vec<Change>, as_of: Option<Moment>) {
        self.tell.send(Ok(Batch { changes, as_of })).unwrap();
    }

    pub(super) fn fall_silent(&self, reason: &'static str) {
        let source = Arc::new(std::io::Error::other("a test"));
        self.tell.send(Err(Silence { reason, source })).unwrap();
    }
}

pub(super) async fn pass(secs: u64) {
    // Steps of 500 ms, so that the follower's timer fires in between.
    for _ in 0..secs * 2 {
        advance(Duration::from_millis(500)).await;
        yield_now().await;
    }
}
