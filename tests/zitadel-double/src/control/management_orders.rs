//! Orders that change the management API's behaviour.

use std::time::Duration;

use serde::Deserialize;

use crate::event_log::VisibilityLag;
use crate::lost_calls::LostCall;
use crate::shared::Shared;

/// Lag of readers behind additions: a time, a number of reads, or none.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum VisibilityOrder {
    None,
    Milliseconds(u64),
    Reads(usize),
}

impl VisibilityOrder {
    pub(super) fn set(self, shared: &Shared) {
        shared.world().log.rows.set_lag(match self {
            Self::None => VisibilityLag::None,
            Self::Milliseconds(count) => VisibilityLag::Time(Duration::from_millis(count)),
            Self::Reads(count) => VisibilityLag::Reads(count),
        });
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LostCallOrder {
    number: usize,
    when: LostCallName,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LostCallName {
    Before,
    After,
}

impl LostCallOrder {
    pub(super) fn set(&self, shared: &Shared) {
        let when = match self.when {
            LostCallName::Before => LostCall::Before,
            LostCallName::After => LostCall::After,
        };
        shared.lost_calls.set(self.number, when);
    }
}
