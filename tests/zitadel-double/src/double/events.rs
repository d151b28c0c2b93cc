//! The event log: its readers, events of every kind, webhooks.

use super::{ZitadelDouble, must};
use crate::event_log::{Editor, HeldPush, NewEvent, PendingEvent};
use crate::ids::UserId;
use crate::webhooks::Webhooks;

/// # The event log
impl ZitadelDouble {
    /// Adds a service user with the manager role `IAM_OWNER_VIEWER` and returns its token.
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

    /// Writes any event, in a write of its own. Nothing else changes.
    pub fn write_event(&self, event: NewEvent) {
        self.shared.world().log.write(Editor::Setup, [event]);
    }

    /// Writes this many events that concern no token, each in a write of its own.
    pub fn noise(&self, count: usize) {
        self.shared.world().write_noise(count);
    }

    /// Writes this many events in one write, all with the same time. The last has the aggregate id
    /// of the given event, the others have new ones.
    pub fn many_events_of_one_write(&self, event: NewEvent, count: usize) {
        self.shared.world().write_many(event, count);
    }

    /// Assigns an event its time now, and shows it when it is [committed](PendingEvent::commit).
    pub fn reserve_event(&self, event: NewEvent) -> PendingEvent {
        PendingEvent::reserve(event, &self.shared)
    }

    /// Opens a write that ends when the result is dropped. Until then, for at most 15 seconds,
    /// calls to the event log and introspections of personal access tokens wait.
    pub fn hold_push(&self) -> HeldPush {
        self.shared.open_writes.hold()
    }

    /// Number of events in the log.
    #[must_use]
    pub fn events(&self) -> usize {
        self.shared.world().log.len()
    }

    /// Adds a target that is called after each event of these types, and returns its signing key.
    /// The URL is plain `http`.
    #[must_use]
    pub fn add_webhook<'a>(
        &self,
        url: &str,
        event_types: impl IntoIterator<Item = &'a str>,
    ) -> String {
        let event_types = event_types.into_iter().map(str::to_owned).collect();
        self.shared.world().log.webhooks.add(url, event_types)
    }

    /// Sets how webhooks for later events are delivered.
    pub fn set_webhooks(&self, fate: Webhooks) {
        self.shared.world().log.webhooks.fate = fate;
    }
}
