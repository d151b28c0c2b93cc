//! Faults and settings of the event log.

use std::time::Duration;

use super::ZitadelDouble;
use crate::event_log::{EventLogFault, LogClock};
use crate::fault::Times;
use crate::inactive_by_fault::TokenKind;

/// # Faults of the event log
impl ZitadelDouble {
    /// Applies this fault to the coming event log calls; faults queue up as for
    /// [introspection](Self::introspection_fault).
    pub fn event_log_fault(&self, fault: impl Into<EventLogFault>, times: Times) {
        self.shared.event_log_faults.push(fault.into(), times);
    }

    /// Caps the number of events in a page, whatever the requested limit.
    pub fn set_page_cap(&self, most: usize) {
        self.shared.world().log.page_cap = most;
    }

    /// Keeps only the oldest `keep` events, like a restored backup; nothing else changes.
    pub fn restore_log(&self, keep: usize) {
        self.shared.world().log.restore(keep);
    }

    /// Delays role changes in introspection, like a lagging projection.
    pub fn set_roles_lag(&self, lag: Duration) {
        self.shared.world().grants.set_lag(lag);
    }

    /// Sets the database's clock, which gives events their times.
    pub fn set_log_clock(&self, clock: LogClock) {
        self.shared.world().log.clock.set(clock);
    }

    /// Replaces the known event types; events of other types are not found.
    pub fn set_known_event_types(&self, types: Vec<String>) {
        self.shared.world().log.known_types = types;
    }

    /// Removes an event type, as in another version.
    pub fn forget_event_type(&self, name: &str) {
        self.shared.world().log.known_types.retain(|known| known != name);
    }

    /// Makes introspection report valid tokens of this kind as inactive, without an event.
    pub fn set_inactive_by_fault(&self, kind: TokenKind, inactive: bool) {
        self.shared.inactive_by_fault.set(kind, inactive);
    }
}
