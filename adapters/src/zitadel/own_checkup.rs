//! Checks at ZITADEL whether this API's own tokens work: the canary, and the event log's.

use std::{sync::Arc, time::Duration};

use domain::{ChangeFeed, Clock, Introspection, Silence, TokenIntrospector};

use super::{
    ClaimName, EventLog, Explainer, FeedSettings, Finding, OwnToken, Step, ZitadelIntrospector,
    canary::{DAY, EXPIRES_SOON},
};
use crate::Clocks;

const CANARY: &str = "canary";
const PROJECT: &str = "project";
const EVENT_LOG: &str = "event_log";
const OWN_PROJECT: &str = "zitadel.project_id is the project of this API's application";

impl ZitadelIntrospector {
    /// Introspects the canary once, and checks by its audience whether `project_id` is this API's
    /// project: ZITADEL puts the asking client and its project into the audience of each personal
    /// access token.
    pub async fn check_canary(
        &self,
        token: &Arc<OwnToken>,
        project_id: Option<&str>,
        explainer: &Explainer,
        clock: &dyn Clock,
    ) -> Vec<Step> {
        let setting = token.setting();
        match self.for_own_tokens().introspect(&token.current()).await {
            Err(fault) => vec![Step::failed(CANARY, explainer.fault(&fault))],
            Ok(Introspection::Inactive) => vec![Step::failed(
                CANARY,
                Finding {
                    reason: "canary_inactive",
                    found: format!("ZITADEL calls the token of {setting} inactive"),
                    advice: "for ten minutes no inactive is believed, and callers with such a token get \
                             503: give the file a new personal access token, or find the fault of \
                             ZITADEL's database if other tokens are inactive too"
                        .to_owned(),
                },
            )],
            Ok(Introspection::Active(active)) => {
                let left = active.expires_at.and_then(|at| at.duration_since(clock.now()).ok());
                let canary = match left.filter(|left| *left <= EXPIRES_SOON) {
                    Some(left) => Step::warning(CANARY, expires_soon(setting, left)),
                    None => Step::ok(CANARY, format!("the token of {setting} is active")),
                };
                let project = project_id.map(|_| match explainer.foreign_project(&active.principal) {
                    Some(foreign) => Step::failed(PROJECT, foreign),
                    None => Step::ok(PROJECT, OWN_PROJECT.to_owned()),
                });
                [canary].into_iter().chain(project).collect()
            }
        }
    }

    /// Reads the event log once, as the change feed does when it begins, also for `claims`.
    pub async fn check_event_log(
        &self,
        feed: &FeedSettings,
        project_id: Option<&str>,
        claims: Vec<ClaimName>,
    ) -> Step {
        let clocks = Clocks::of_the_system();
        let project_id = project_id.map(str::to_owned);
        let mut log = EventLog::new(self, feed, project_id, claims, clocks);
        // This ends by itself: a poll takes at most 20 s.
        let read = loop {
            match log.next().await {
                Ok(batch) if batch.as_of.is_none() => {}
                Ok(_) => break Ok(()),
                Err(silence) => break Err(silence),
            }
        };
        match read {
            Ok(()) => Step::ok(EVENT_LOG, "the event log can be read".to_owned()),
            Err(Silence { reason, source }) => Step::failed(
                EVENT_LOG,
                Finding { reason, found: source.to_string(), advice: advice(reason).to_owned() },
            ),
        }
    }
}

fn expires_soon(setting: &str, left: Duration) -> Finding {
    Finding {
        reason: "canary_expires_soon",
        found: match left.as_secs() / DAY.as_secs() {
            1 => format!("the token of {setting} expires in 1 day"),
            days => format!("the token of {setting} expires in {days} days"),
        },
        advice: "make a second one, and rename its file over this one".to_owned(),
    }
}

fn advice(reason: &str) -> &'static str {
    match reason {
        "token_refused" => "give the file of changes.token_file a new personal access token",
        "not_allowed" | "forbidden" => {
            "give the user of changes.token_file the manager role IAM_OWNER_VIEWER on the instance, or one \
             of your own with the permission events.read"
        }
        "unknown_event_types" => {
            "without that type a change could be missed: leave changes.token_file out, or use versions of \
             ZITADEL and of this API that know each other"
        }
        _ => {
            "without the event log answers are reused for cache.max_staleness alone; see ZITADEL's log"
        }
    }
}
