//! Steps of `app check` up to a first introspection.

use std::time::Duration;

use adapters::zitadel::{Checkup, SettingsSummary};
use domain::{Introspection, IntrospectionError};

use super::step::CheckStep;
use crate::advice::{Finding, fault};

const DISCOVERY: &str = "discovery";
const CLOCK: &str = "clock";
const INTROSPECTION: &str = "introspection";

/// Maximum difference, in seconds, between this machine's clock and ZITADEL's; a larger one is a
/// warning.
const MAX_CLOCK_OFFSET_SECS: u64 = 5;

/// Returns the steps discovery, clock and introspection; `checkup` has the results of their
/// requests. After a failed discovery the other two are skipped.
pub(super) fn steps(checkup: &Checkup, summary: &SettingsSummary) -> [CheckStep; 3] {
    let (discovery, clock) = match &checkup.discovery {
        None => {
            let why = "zitadel.introspection_endpoint is set: discovery is not asked";
            (CheckStep::skipped(DISCOVERY, why), CheckStep::skipped(CLOCK, why))
        }
        Some(Ok(endpoint)) => {
            let found = format!("the introspection endpoint is {endpoint}");
            (CheckStep::ok(DISCOVERY, found), clock_step(checkup.clock_ahead_secs))
        }
        Some(Err(fault)) => {
            let failed = CheckStep::failed(DISCOVERY, fault::finding(summary, fault));
            (failed, CheckStep::skipped(CLOCK, NEEDS_DISCOVERY))
        }
    };
    let introspection = match &checkup.introspection {
        None => CheckStep::skipped(INTROSPECTION, NEEDS_DISCOVERY),
        Some(verdict) => introspection_step(verdict, summary),
    };
    [discovery, clock, introspection]
}

const NEEDS_DISCOVERY: &str = "it needs discovery";

fn introspection_step(
    verdict: &Result<Introspection, IntrospectionError>,
    summary: &SettingsSummary,
) -> CheckStep {
    match verdict {
        Ok(Introspection::Inactive) => CheckStep::ok(
            INTROSPECTION,
            "our credentials are accepted, and a random token is called inactive",
        ),
        Ok(Introspection::Active(_)) => CheckStep::failed(
            INTROSPECTION,
            Finding::new(
                "every_token_active",
                "a random token is called active",
                "whatever answers there must not be relied on: find out what it is",
            ),
        ),
        Err(fault) => CheckStep::failed(INTROSPECTION, fault::finding(summary, fault)),
    }
}

fn clock_step(ahead: Option<i64>) -> CheckStep {
    let Some(ahead) = ahead else {
        return CheckStep::skipped(CLOCK, "no answer told the time");
    };
    if ahead.unsigned_abs() <= MAX_CLOCK_OFFSET_SECS {
        return CheckStep::ok(CLOCK, "this machine's clock agrees with ZITADEL's");
    }
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    CheckStep::warning(
        CLOCK,
        Finding::new(
            "clock_differs",
            format!(
                "this machine's clock is {} {direction} ZITADEL's",
                humantime::format_duration(Duration::from_secs(ahead.unsigned_abs()))
            ),
            "set it, by NTP: exp and nbf of tokens are judged by it, and ZITADEL refuses \
             assertions of private_key_jwt that are from the future or too old",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::step::StepOutcome, *};

    #[test]
    fn a_clock_is_worth_a_warning_from_six_seconds_on() {
        for (ahead, outcome) in [
            (Some(5), StepOutcome::Ok),
            (Some(-5), StepOutcome::Ok),
            (Some(6), StepOutcome::Warning),
            (Some(-6), StepOutcome::Warning),
            (None, StepOutcome::Skipped),
        ] {
            assert_eq!(clock_step(ahead).outcome, outcome, "{ahead:?}");
        }
        assert!(clock_step(Some(-6)).found.ends_with("6s behind ZITADEL's"));
    }
}
