//! Sets up the use of ZITADEL's event log: a task polls it, a record of changes shows the cache
//! which verdicts may be out of date, and a witness confirms inactive verdicts.

use std::{fmt, sync::Arc};

use domain::{IntrospectionError, Outage, ReuseRule};

use super::{Bell, ClaimName, EventLog, FeedSettings, ZitadelIntrospector};
use crate::{
    Clocks,
    changes::{Changes, Feed, FeedWatch, FeedWitness, follow},
};

/// Handle of the task that polls ZITADEL's event log and records changes.
#[derive(Clone)]
pub struct FollowedLog {
    /// Progress of the log's polls, for a health check.
    pub feed: Feed,
    /// Bell that a webhook rings to start the next poll at once.
    pub bell: Bell,
    /// Changes read so far, from which the cache knows which verdicts may be out of date.
    pub(super) changes: Arc<Changes>,
    setting: &'static str,
}

impl FollowedLog {
    /// Returns a `FollowedLog`, and the future that polls the event log of `introspector`'s server;
    /// the caller spawns the future.
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

    /// Returns a witness that confirms an inactive verdict if a poll that began after the verdict
    /// succeeds.
    pub(super) fn witness(&self, clocks: Clocks) -> FeedWitness {
        let bell = self.bell.clone();
        FeedWitness::new(self.feed.clone(), Arc::new(move || bell.ring()), clocks, self.setting)
    }

    /// Returns a watch for responses that stay open (streams): it signals when the token of such a
    /// response must be introspected again.
    pub(super) fn watch(&self, clocks: Clocks) -> FeedWatch {
        FeedWatch::new(Arc::clone(&self.changes), clocks)
    }
}

impl fmt::Debug for FollowedLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowedLog").field("feed", &self.feed).finish_non_exhaustive()
    }
}

/// Returns all reasons why the event log cannot be read, each as one word.
fn reasons() -> Vec<&'static str> {
    let refusals = ["token_refused", "forbidden", "not_allowed", "unknown_instance", "redirected"];
    let others = ["unknown_event_types", IntrospectionError::MALFORMED];
    Outage::ALL.map(Outage::as_str).into_iter().chain(refusals).chain(others).collect()
}
