//! `app check`: tests the configuration against ZITADEL, and names a remedy for each problem.

mod authorization_server;
mod introspection;
mod own_tokens;
mod resource;
mod step;

use std::{
    fmt::{self, Write},
    sync::Arc,
};

use adapters::{SystemClock, zitadel::ZitadelIntrospector};
use axum_zitadel::MissingRoleStatus;
use serde_json::{Value, json};

use self::step::{CheckStep, StepOutcome};
use crate::{
    advice::{Finding, asked},
    config::{Config, Introspector},
    start_error::StartError,
};

/// Result of `check`: the outcome of each step, in order.
#[derive(Clone, Debug)]
pub struct CheckReport {
    steps: Vec<CheckStep>,
    clock_ahead_secs: Option<i64>,
}

const CONFIGURATION: &str = "configuration";
const MISSING_ROLE: &str = "missing_role";

/// Tests a configuration by requests to the ZITADEL that it names.
///
/// # Errors
/// When the API would not start with this configuration.
pub async fn check(config: Config) -> Result<CheckReport, StartError> {
    let mut steps = Vec::new();
    for warning in config.warnings {
        let advice = "see docs/configuration.md";
        let finding = Finding::new("configuration_warning", warning, advice);
        steps.push(CheckStep::warning(CONFIGURATION, finding));
    }
    match config.introspector {
        Introspector::Fake(_) => {
            let found = "the in-memory fake answers, and no ZITADEL is asked: set ZITADEL_DOMAIN \
                         and credentials to ask one";
            steps.insert(0, CheckStep::ok(CONFIGURATION, found));
            Ok(CheckReport { steps, clock_ahead_secs: None })
        }
        Introspector::Zitadel(zitadel) => {
            let summary = zitadel.settings.summary();
            let mut settings = zitadel.settings;
            let (canary, feed) = (settings.canary.take(), config.changes.map(|it| it.feed));
            let canary = canary.or_else(|| feed.as_ref().map(|feed| Arc::clone(&feed.token)));
            let (project_id, claims) = (settings.project_id.clone(), settings.claims.clone());
            let introspector = ZitadelIntrospector::new(settings)?;
            steps.insert(0, CheckStep::ok(CONFIGURATION, asked(&summary)));
            let checkup = introspector.check_up(&SystemClock).await;
            let asked = introspection::steps(&checkup, &summary);
            let goes_on = asked.iter().all(|step| step.outcome != StepOutcome::Failed);
            steps.extend(asked);
            if let Some(canary) = canary.filter(|_| goes_on) {
                let verdict = introspector.introspect_own(&canary).await;
                steps.extend(own_tokens::canary_steps(canary.setting(), &verdict, &summary));
            }
            if let Some(feed) = feed.filter(|_| goes_on) {
                let read = introspector.read_event_log(&feed, project_id.as_deref(), claims);
                steps.push(own_tokens::event_log_step(read.await));
            }
            if let Some(resource) = config.resource {
                if goes_on {
                    let found = authorization_server::steps(&introspector, &summary);
                    steps.extend(found.await);
                }
                if config.auth.missing_role_status == MissingRoleStatus::Unauthorized {
                    steps.push(CheckStep::warning(MISSING_ROLE, missing_role_is_401()));
                }
                steps.extend(resource::steps(resource.url(), &resource.metadata_url()).await?);
            }
            Ok(CheckReport { steps, clock_ahead_secs: checkup.clock_ahead_secs })
        }
    }
}

/// Returns the warning that `auth.missing_role_status` is 401, although 403 is the default with
/// `resource.url`.
fn missing_role_is_401() -> Finding {
    Finding::new(
        "missing_role_401",
        "auth.missing_role_status is 401: clients take a missing role for a dead token",
        "leave it out, or set it to 403: with 401 a missing role starts a new login, which \
         cannot cure it, or a refresh, which ends the old token",
    )
}

impl CheckReport {
    /// Returns true if no step failed; warnings are no failure.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.steps.iter().all(|step| step.outcome != StepOutcome::Failed)
    }

    /// Formats the report for people: a line for each step, and one for each remedy.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) -> fmt::Result {
        for step in &self.steps {
            let outcome = match step.outcome {
                StepOutcome::Failed => "FAILED",
                other => other.as_str(),
            };
            writeln!(text, "{outcome:<8} {:<14} {}", step.name, step.found)?;
            if let Some(advice) = &step.advice {
                writeln!(text, "{:<8} {:<14} -> {advice}", "", "")?;
            }
        }
        Ok(())
    }

    /// Formats the report as JSON, for scripts.
    #[must_use]
    pub fn json(&self) -> Value {
        let step = |step: &CheckStep| {
            json!({
                "step": step.name,
                "outcome": step.outcome.as_str(),
                "reason": step.reason,
                "found": step.found,
                "advice": step.advice,
            })
        };
        json!({
            "ok": self.is_good(),
            "clock_ahead_seconds": self.clock_ahead_secs,
            "steps": self.steps.iter().map(step).collect::<Vec<_>>(),
        })
    }
}
