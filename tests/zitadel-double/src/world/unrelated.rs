//! Events without a change: noise, and writes larger than a page.

use serde_json::json;

use super::World;
use crate::event_log::{Editor, INSTANCE, NewEvent};

impl World {
    /// Writes events that concern no token, one per write.
    pub(crate) fn write_noise(&mut self, count: usize) {
        for _ in 0..count {
            let name = "user.human.password.check.succeeded";
            let event = NewEvent::new("user", self.fresh_id(), name, INSTANCE);
            self.log.write(Editor::System, [event.with_payload(json!({}))]);
        }
    }

    /// Writes events of one time: the given one last, the others with different aggregate ids.
    pub(crate) fn write_many(&mut self, event: NewEvent, count: usize) {
        let others = count.saturating_sub(1);
        let others =
            (0..others).map(|_| NewEvent { aggregate_id: self.fresh_id(), ..event.clone() });
        let mut events: Vec<NewEvent> = others.collect();
        if count > 0 {
            events.push(event);
        }
        self.log.write(Editor::Setup, events);
    }
}
