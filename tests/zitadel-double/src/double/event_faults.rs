//! Breaking the event log, and what it is to agree with.

use std::time::Duration;

use super::ZitadelDouble;
use crate::event_log::{EventLogFault, LogClock};
use crate::fault::Times;
use crate::inactive_by_fault::TokenKind;

/// # Faults of the event log
impl ZitadelDouble {
    /// The coming calls to the event log meet this fault; they queue up as those of
    /// [introspection](Self::introspection_fault) do.
    pub fn event_log_fault(&self, fault: impl Into<EventLogFault>, times: Times) {
        self.shared.event_log_faults.push(fault.into(), times);
    }

    /// Caps the number of events in a page, whatever a search asks for.
    pub fn set_page_cap(&self, most: usize) {
        self.shared.world().log.page_cap = most;
    }

    /// Drops all but the oldest `keep` events, as a restored backup does. Everything else in the
    /// world stays as it is.
    pub fn restore_log(&self, keep: usize) {
        self.shared.world().log.restore(keep);
    }

    /// Changes of roles are visible to introspection only after this time, as by a projection that
    /// lags.
    pub fn set_roles_lag(&self, lag: Duration) {
        self.shared.world().grants.set_lag(lag);
    }

    /// Moves the database's clock, which gives events their times.
    pub fn set_log_clock(&self, clock: LogClock) {
        self.shared.world().log.clock.set(clock);
    }

    /// Replaces the event types that this server knows. Events of other types are not found.
    pub fn set_known_event_types(&self, types: Vec<String>) {
        self.shared.world().log.known_types = types;
    }

    /// Forgets an event type, as a version has it that is older or newer.
    pub fn forget_event_type(&self, name: &str) {
        self.shared.world().log.known_types.retain(|known| known != name);
    }

    /// Introspection calls every token of this kind inactive, although it is good; the event log
    /// tells nothing.
    pub fn set_inactive_by_fault(&self, kind: TokenKind, inactive: bool) {
        self.shared.inactive_by_fault.set(kind, inactive);
    }
}
