//! The event log as it ships: read, followed into the known changes, and used as a witness.

use std::{fmt, sync::Arc, time::Duration};

use domain::{IntrospectionError, Outage, ReuseRule, WhenSilent};

use super::{Bell, ClaimName, EventLog, OwnToken, ZitadelIntrospector};
use crate::{
    Clocks,
    changes::{Changes, Feed, FeedWatch, FeedWitness, follow},
};

/// Settings of a followed event log, and the bounds within which answers are kept.
/// [`new`](Self::new) has the defaults; every field may be changed before use.
#[derive(Clone, Debug)]
pub struct FeedSettings {
    /// Personal access token of a service user that may read the event log.
    pub token: Arc<OwnToken>,
    /// Time between two polls; 1 s by default.
    pub interval: Duration,
    /// Time by which each poll goes back, besides the duration of the one before; 10 s by default.
    pub overlap: Duration,
    /// Time after a change in which the answers that it concerns are not kept; 5 s by default.
    pub settle: Duration,
    /// Time after a change of roles in which an answer of that subject is kept for `max_staleness`
    /// at most; 2 min by default.
    pub lag: Duration,
    /// Greatest age of the knowledge by which a request is judged; 3 s by default.
    pub max_staleness: Duration,
    /// The reuse of answers while the event log cannot be read.
    pub when_silent: WhenSilent,
}

/// Followed event log.
#[derive(Clone)]
pub struct FollowedLog {
    /// State of the feed, for a health check.
    pub feed: Feed,
    /// Starts the next poll now.
    pub bell: Bell,
    /// Reported changes, for the cache.
    pub(super) changes: Arc<Changes>,
    setting: &'static str,
}

impl FeedSettings {
    /// Follows the event log with `token`.
    #[must_use]
    pub fn new(token: Arc<OwnToken>) -> Self {
        Self {
            token,
            interval: Duration::from_secs(1),
            overlap: Duration::from_secs(10),
            settle: Duration::from_secs(5),
            lag: Duration::from_mins(2),
            max_staleness: Duration::from_secs(3),
            when_silent: WhenSilent::default(),
        }
    }

    /// Follows the log of `introspector`'s server, by a future that the caller spawns.
    pub(super) fn follow(
        &self,
        introspector: &ZitadelIntrospector,
        project_id: Option<String>,
        claims: Vec<ClaimName>,
        clocks: &Clocks,
    ) -> (FollowedLog, impl Future<Output = ()> + Send + use<>) {
        let Self { settle, lag, max_staleness, when_silent, .. } = *self;
        let rule = ReuseRule::new(max_staleness, settle, lag, when_silent);
        let unfollowed = claims.iter().filter(|claim| !EventLog::follows(claim));
        let unfollowed = unfollowed.map(|claim| claim.as_str().to_owned());
        let changes = Arc::new(Changes::new(rule, unfollowed));
        let log = EventLog::new(introspector, self, project_id, claims, clocks.clone());
        let bell = log.bell();
        let (feed, run) =
            follow(Box::new(log), &reasons(), &changes, clocks.clone(), max_staleness);
        (FollowedLog { feed, bell, changes, setting: self.token.setting() }, run)
    }
}

/// Returns the reasons for which the event log may be silent.
fn reasons() -> Vec<&'static str> {
    let refusals = ["token_refused", "forbidden", "not_allowed", "unknown_instance", "redirected"];
    let others = ["unknown_event_types", IntrospectionError::MALFORMED];
    Outage::ALL.map(Outage::as_str).into_iter().chain(refusals).chain(others).collect()
}

impl FollowedLog {
    /// Returns a witness that vouches for an answer if a poll that began after it succeeded.
    pub(super) fn witness(&self, clocks: Clocks) -> FeedWitness {
        let bell = self.bell.clone();
        FeedWitness::new(self.feed.clone(), Arc::new(move || bell.ring()), clocks, self.setting)
    }

    /// Returns a watch over verdicts in use.
    pub(super) fn watch(&self, clocks: Clocks) -> FeedWatch {
        FeedWatch::new(Arc::clone(&self.changes), clocks)
    }
}

impl fmt::Debug for FollowedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowedLog").field("feed", &self.feed).finish_non_exhaustive()
    }
}
