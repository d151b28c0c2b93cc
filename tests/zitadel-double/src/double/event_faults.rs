//! Faults of the event log, and settings that change its answers.

use std::time::Duration;

use super::ZitadelDouble;
use crate::event_log::{EventLogFault, LogClock};
use crate::fault::Times;
use crate::inactive_by_fault::TokenKind;

/// # Faults of the event log
impl ZitadelDouble {
    /// Applies this fault to the coming calls to the event log; faults queue up like those of
    /// [introspection](Self::introspection_fault).
    pub fn event_log_fault(&self, fault: impl Into<EventLogFault>, times: Times) {
        self.shared.event_log_faults.push(fault.into(), times);
    }

    /// Caps the number of events in a page, whatever limit a search requests.
    pub fn set_page_cap(&self, most: usize) {
        self.shared.world().log.page_cap = most;
    }

    /// Drops all but the oldest `keep` events, as a restored backup does. The rest of the world
    /// stays as it is.
    pub fn restore_log(&self, keep: usize) {
        self.shared.world().log.restore(keep);
    }

    /// Delays the visibility of role changes to introspection, as a lagging projection does.
    pub fn set_roles_lag(&self, lag: Duration) {
        self.shared.world().grants.set_lag(lag);
    }

    /// Moves the database's clock, from which events take their times.
    pub fn set_log_clock(&self, clock: LogClock) {
        self.shared.world().log.clock.set(clock);
    }

    /// Replaces the event types that this server knows. Events of other types are not found.
    pub fn set_known_event_types(&self, types: Vec<String>) {
        self.shared.world().log.known_types = types;
    }

    /// Removes a known event type, as in an older or newer version.
    pub fn forget_event_type(&self, name: &str) {
        self.shared.world().log.known_types.retain(|known| known != name);
    }

    /// Makes introspection report every token of this kind as inactive, although it is valid; the
    /// event log shows nothing.
    pub fn set_inactive_by_fault(&self, kind: TokenKind, inactive: bool) {
        self.shared.inactive_by_fault.set(kind, inactive);
    }
}
