//! Step of `app check`, and its outcome.

use crate::advice::Finding;

/// Result of one step of `app check`.
#[derive(Clone, Debug)]
pub(super) struct CheckStep {
    pub(super) name: &'static str,
    pub(super) outcome: StepOutcome,
    /// One word for the problem that the step found, if any.
    pub(super) reason: Option<&'static str>,
    pub(super) found: String,
    /// Remedy; `None` if there is nothing to do.
    pub(super) advice: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepOutcome {
    Ok,
    /// Step that found a problem with which this API still works.
    Warning,
    /// Step that found a problem with which this API does not work.
    Failed,
    Skipped,
}

impl StepOutcome {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

impl CheckStep {
    pub(super) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        let found = found.into();
        Self { name, outcome: StepOutcome::Ok, reason: None, found, advice: None }
    }

    pub(super) fn warning(name: &'static str, finding: Finding) -> Self {
        Self { outcome: StepOutcome::Warning, ..Self::failed(name, finding) }
    }

    pub(super) fn failed(name: &'static str, Finding { reason, found, advice }: Finding) -> Self {
        let (reason, advice) = (Some(reason), Some(advice));
        Self { name, outcome: StepOutcome::Failed, reason, found, advice }
    }

    pub(super) fn skipped(name: &'static str, why: &str) -> Self {
        Self { outcome: StepOutcome::Skipped, ..Self::ok(name, why) }
    }
}
