//! Step of a check, and its outcome.

use crate::advice::Finding;

/// One step of a check.
#[derive(Clone, Debug)]
pub(super) struct CheckStep {
    pub(super) name: &'static str,
    pub(super) outcome: StepOutcome,
    /// One word for the problem, if there is one.
    pub(super) reason: Option<&'static str>,
    /// Description of what was found.
    pub(super) found: String,
    /// Remedy, if there is something to do.
    pub(super) advice: Option<String>,
}

/// Outcome of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepOutcome {
    /// All is well.
    Ok,
    /// It works, but needs attention.
    Warning,
    /// It does not work.
    Failed,
    /// It was not tried.
    Skipped,
}

impl StepOutcome {
    /// Returns the outcome as one word.
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
    /// Creates a step at which all is well.
    pub(super) fn ok(name: &'static str, found: impl Into<String>) -> Self {
        let found = found.into();
        Self { name, outcome: StepOutcome::Ok, reason: None, found, advice: None }
    }

    /// Creates a step that needs attention.
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
