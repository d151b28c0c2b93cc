//! The event log as it ships: read, followed, and used as a witness.

use std::{fmt, sync::Arc};

use domain::{IntrospectionError, Outage, ReuseRule};

use super::{Bell, ClaimName, EventLog, FeedSettings, ZitadelIntrospector};
use crate::{
    Clocks,
    changes::{Changes, Feed, FeedWatch, FeedWitness, follow},
};

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

impl FollowedLog {
    /// Follows the log of `introspector`'s server, by a future that the caller spawns.
    pub(super) fn follow(
        settings: &FeedSettings,
        introspector: &ZitadelIntrospector,
        project_id: Option<String>,
        claims: Vec<ClaimName>,
        clocks: &Clocks,
    ) -> (Self, impl Future<Output = ()> + Send + use<>) {
        let FeedSettings { settle, lag, max_staleness, when_silent, .. } = *settings;
        let rule = ReuseRule::new(max_staleness, settle, lag, when_silent);
        let unfollowed = claims.iter().filter(|claim| !EventLog::follows(claim));
        let unfollowed = unfollowed.map(|claim| claim.as_str().to_owned());
        let changes = Arc::new(Changes::new(rule, unfollowed));
        let log = EventLog::new(introspector, settings, project_id, claims, clocks.clone());
        let bell = log.bell();
        let (feed, run) =
            follow(Box::new(log), &reasons(), &changes, clocks.clone(), max_staleness);
        (Self { feed, bell, changes, setting: settings.token.setting() }, run)
    }

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

/// Returns the reasons for which the event log may be silent.
fn reasons() -> Vec<&'static str> {
    let refusals = ["token_refused", "forbidden", "not_allowed", "unknown_instance", "redirected"];
    let others = ["unknown_event_types", IntrospectionError::MALFORMED];
    Outage::ALL.map(Outage::as_str).into_iter().chain(refusals).chain(others).collect()
}
