//! Steps of `app check` for this API's own tokens: the canary (a token known to be good), and the
//! token that reads the event log.

use std::time::Duration;

use adapters::{
    SystemClock,
    zitadel::{Canary, SettingsSummary},
};
use domain::{Clock, Introspection, IntrospectionError, Silence};

use super::step::CheckStep;
use crate::advice::{Finding, fault, foreign_project};

const CANARY: &str = "canary";
const PROJECT: &str = "project";
const EVENT_LOG: &str = "event_log";

/// Returns the step about the `verdict` on the canary; `setting` is the name of the setting for the
/// canary's file. If `zitadel.project_id` is set, a second step compares that project with the
/// audience of an active canary.
pub(super) fn canary_steps(
    setting: &str,
    verdict: &Result<Introspection, IntrospectionError>,
    summary: &SettingsSummary,
) -> Vec<CheckStep> {
    match verdict {
        Err(fault) => vec![CheckStep::failed(CANARY, fault::finding(summary, fault))],
        Ok(Introspection::Inactive) => vec![CheckStep::failed(
            CANARY,
            Finding::new(
                "canary_inactive",
                format!("ZITADEL calls the token of {setting} inactive"),
                "for ten minutes no inactive is believed, and callers with such a token get \
                 503: give the file a new personal access token, or find the fault of \
                 ZITADEL's database if other tokens are inactive too",
            ),
        )],
        Ok(Introspection::Active(active)) => {
            let left = active.expires_at.and_then(|at| at.duration_since(SystemClock.now()).ok());
            let canary = match left.filter(|left| *left <= Canary::EXPIRES_SOON) {
                Some(left) => CheckStep::warning(CANARY, expires_soon(setting, left)),
                None => CheckStep::ok(CANARY, format!("the token of {setting} is active")),
            };
            let project = summary.project_id.is_some().then(|| {
                match foreign_project(summary, &active.principal) {
                    Some(foreign) => CheckStep::failed(PROJECT, foreign),
                    None => CheckStep::ok(
                        PROJECT,
                        "zitadel.project_id is the project of this API's application",
                    ),
                }
            });
            [canary].into_iter().chain(project).collect()
        }
    }
}

fn expires_soon(setting: &str, left: Duration) -> Finding {
    const DAY: Duration = Duration::from_hours(24);
    Finding::new(
        "canary_expires_soon",
        match left.as_secs() / DAY.as_secs() {
            1 => format!("the token of {setting} expires in 1 day"),
            days => format!("the token of {setting} expires in {days} days"),
        },
        "make a second one, and rename its file over this one",
    )
}

/// Returns the step about ZITADEL's event log; `read` is the result of one read of it.
pub(super) fn event_log_step(read: Result<(), Silence>) -> CheckStep {
    match read {
        Ok(()) => CheckStep::ok(EVENT_LOG, "the event log can be read"),
        Err(Silence { reason, source }) => {
            CheckStep::failed(EVENT_LOG, Finding::new(reason, source.to_string(), advice(reason)))
        }
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
