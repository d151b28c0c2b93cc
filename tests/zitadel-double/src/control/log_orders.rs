//! Orders that change the event log's behaviour.

use std::time::Duration;

use serde::Deserialize;

use crate::event_log::{EventLogFault, LogClock};
use crate::fault::Times;
use crate::shared::Shared;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountOrder {
    pub(super) count: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TypesOrder {
    pub(super) types: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TypeOrder {
    #[serde(rename = "type")]
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimeOrder {
    milliseconds: u64,
}

impl TimeOrder {
    pub(super) fn time(&self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }

    /// Holds a write open for this time; like all orders, it runs on the double's runtime.
    pub(super) fn hold_push(&self, shared: &Shared) {
        let (write, time) = (shared.open_writes.hold(), self.time());
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            drop(write);
        });
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockOrder {
    offset_milliseconds: i64,
}

impl From<ClockOrder> for LogClock {
    fn from(order: ClockOrder) -> Self {
        let distance = Duration::from_millis(order.offset_milliseconds.unsigned_abs());
        match order.offset_milliseconds {
            0 => Self::Right,
            1.. => Self::Ahead(distance),
            ..0 => Self::Behind(distance),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LogFaultOrder {
    fault: LogFaultName,
    times: Option<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum LogFaultName {
    TokenInvalid,
    MembershipNotFound,
    OrganizationMissing,
    DatabaseError,
}

impl LogFaultOrder {
    pub(super) fn set(&self, shared: &Shared) {
        let fault = match self.fault {
            LogFaultName::TokenInvalid => EventLogFault::TokenInvalid,
            LogFaultName::MembershipNotFound => EventLogFault::MembershipNotFound,
            LogFaultName::OrganizationMissing => EventLogFault::OrganizationMissing,
            LogFaultName::DatabaseError => EventLogFault::DatabaseError,
        };
        shared.event_log_faults.push(fault, self.times.map_or(Times::UntilCleared, Times::Next));
    }
}
