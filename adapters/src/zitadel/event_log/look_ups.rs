//! Look-ups of earlier events, to find the user or project that a later event leaves out. No I/O:
//! the caller sends the searches.

use std::{collections::BTreeMap, time::Duration};

use domain::{Change, Moment, Subject};
use quick_cache::unsync::Cache;

use super::{
    event::Event,
    meaning::{LookUp, Meaning, Reader},
    wire::Search,
};

/// Maximum number of look-ups whose results are remembered.
const MAX_FACTS: usize = 10_000;
/// Maximum number of events in the result of one look-up.
const LIMIT: u32 = 100;

/// Pending look-ups, and the results of earlier ones.
#[derive(Debug)]
pub(super) struct LookUps {
    reader: Reader,
    facts: Cache<LookUp, Box<[Change]>>,
    /// Pending look-ups, each with the beginning of the first poll that needed the look-up.
    pending: BTreeMap<LookUp, Moment>,
}

impl LookUps {
    pub(super) fn new(reader: Reader) -> Self {
        Self { reader, facts: Cache::new(MAX_FACTS), pending: BTreeMap::new() }
    }

    /// Adds the changes that `event` causes to `changes`. If the event needs a look-up whose result
    /// is not remembered, the look-up becomes pending since `as_of`, the beginning of the poll.
    pub(super) fn read(&mut self, event: &Event, as_of: Moment, changes: &mut Vec<Change>) {
        if &*event.key.event_type == "user.grant.added" {
            let id = LookUp::Grant(event.key.aggregate_id.clone());
            self.keep(id, std::slice::from_ref(event));
        }
        match self.reader.meaning(event) {
            Meaning::Nothing => {}
            Meaning::Change(change) => changes.push(change),
            Meaning::LookUp(look_up) => match self.facts.get(&look_up) {
                Some(known) => changes.extend_from_slice(known),
                None => {
                    self.pending.entry(look_up).or_insert(as_of);
                }
            },
        }
    }

    /// Ends the pending `look_up`, which found `events`. Returns the changes that these events
    /// cause.
    pub(super) fn answer(&mut self, look_up: LookUp, events: &[Event]) -> Vec<Change> {
        self.pending.remove(&look_up);
        self.keep(look_up, events)
    }

    fn keep(&mut self, look_up: LookUp, events: &[Event]) -> Vec<Change> {
        let changes = self.changes(&look_up, events);
        // A result without a subject is not remembered: the next event looks it up again.
        if !changes.contains(&Change::Everything) {
            self.facts.insert(look_up, changes.clone().into());
        }
        changes
    }

    fn changes(&self, look_up: &LookUp, events: &[Event]) -> Vec<Change> {
        let mut changes = Vec::new();
        match look_up {
            LookUp::Grant(_) if events.is_empty() => changes.push(Change::Everything),
            LookUp::Grant(_) => {
                for event in events {
                    if let Meaning::Change(change) = self.reader.grant(event) {
                        changes.push(change);
                    }
                }
            }
            // Without an event, the session has no user and never had tokens.
            LookUp::Session(_) => {
                for event in events {
                    let user = event.payload.user.as_deref().and_then(|id| Subject::parse(id).ok());
                    let change = user.map_or(Change::Everything, Change::Subject);
                    if !changes.contains(&change) {
                        changes.push(change);
                    }
                }
            }
        }
        changes
    }

    pub(super) fn are_late(&self, now: Moment, max_staleness: Duration) -> bool {
        self.pending.values().any(|since| since.age(now) >= max_staleness)
    }

    /// Drops all pending look-ups, whose changes are then never reported. To be called only when
    /// every cached response is forgotten.
    pub(super) fn drop_pending(&mut self) {
        self.pending.clear();
    }

    pub(super) fn is_any_pending(&self) -> bool {
        !self.pending.is_empty()
    }

    pub(super) fn pending(&self, count: usize) -> Vec<LookUp> {
        self.pending.keys().take(count).cloned().collect()
    }
}

impl LookUp {
    pub(super) fn search(&self) -> Search<'_> {
        let (id, aggregate_type, event_type) = match self {
            Self::Grant(id) => (id, "usergrant", "user.grant.added"),
            Self::Session(id) => (id, "session", "session.user.checked"),
        };
        Search {
            limit: LIMIT,
            asc: true,
            range: None,
            aggregate_id: Some(id),
            aggregate_types: vec![aggregate_type],
            event_types: vec![event_type],
        }
    }
}

#[cfg(test)]
mod tests;
