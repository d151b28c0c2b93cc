//! The event log: readers, events, webhooks.

use super::{ZitadelDouble, must};
use crate::event_log::{Editor, HeldPush, NewEvent, PendingEvent};
use crate::ids::UserId;
use crate::webhooks::Webhooks;

/// # The event log
impl ZitadelDouble {
    /// Adds a service user with the manager role `IAM_OWNER_VIEWER`; returns its token.
    #[must_use]
    #[track_caller]
    pub fn event_reader(&self) -> String {
        must(self.shared.world().add_event_reader(self.org_id()))
    }

    /// Grants or revokes the right to read the event log.
    #[track_caller]
    pub fn set_event_reader(&self, user: &UserId, may_read: bool) {
        must(self.shared.world().set_event_reader(user, may_read));
    }

    /// Writes an event in a write of its own; nothing else changes.
    pub fn write_event(&self, event: NewEvent) {
        self.shared.world().log.write(Editor::Setup, [event]);
    }

    /// Writes this many events that concern no token, one per write.
    pub fn noise(&self, count: usize) {
        self.shared.world().write_noise(count);
    }

    /// Writes this many events of one time. The last has the given aggregate id, the others new
    /// ones.
    pub fn many_events_of_one_write(&self, event: NewEvent, count: usize) {
        self.shared.world().write_many(event, count);
    }

    /// Gives an event its time now; [commit](PendingEvent::commit) shows it.
    pub fn reserve_event(&self, event: NewEvent) -> PendingEvent {
        PendingEvent::reserve(event, &self.shared)
    }

    /// Opens a write until the result is dropped. For at most 15 seconds, event log calls and
    /// introspections of personal access tokens wait for it.
    pub fn hold_push(&self) -> HeldPush {
        self.shared.open_writes.hold()
    }

    /// Number of events in the log.
    #[must_use]
    pub fn events(&self) -> usize {
        self.shared.world().log.len()
    }

    /// Adds a plain `http` target for events of these types; returns its signing key.
    #[must_use]
    pub fn add_webhook<'a>(
        &self,
        url: &str,
        event_types: impl IntoIterator<Item = &'a str>,
    ) -> String {
        let event_types = event_types.into_iter().map(str::to_owned).collect();
        self.shared.world().log.webhooks.add(url, event_types)
    }

    /// Sets the delivery of later webhooks.
    pub fn set_webhooks(&self, fate: Webhooks) {
        self.shared.world().log.webhooks.fate = fate;
    }
}
