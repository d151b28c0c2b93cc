//! The event log: every change of the instance, by the database's clock.
//!
//! Its endpoints are part of the administration API, on introspection's listener.

mod clock;
mod endpoint;
mod event;
mod fault;
mod rows;
mod search;
mod times;
mod visibility;
mod writes;

use std::collections::{HashMap, VecDeque};

pub use clock::LogClock;
pub(crate) use endpoint::{SEARCH_PATH, TYPES_PATH, search, types};
pub use event::NewEvent;
pub(crate) use event::{Caller, Editor, Event, INSTANCE, SETUP_USER};
pub use fault::EventLogFault;
pub(crate) use rows::{Row, Rows, row_of_member, row_of_role};
use search::Search;
pub(crate) use times::{of_go, of_protobuf, parse as parse_time};
pub use visibility::VisibilityLag;
pub(crate) use writes::OpenWrites;
pub use writes::{HeldPush, PendingEvent};

use crate::clock::unix_micros;
use crate::webhooks::Targets;

/// Maximum number of events; the oldest are dropped.
const CAPACITY: usize = 100_000;

const MOST_OF_A_PAGE: usize = 1000;

/// Event types of the simulated version.
const EVENT_TYPES: &str = include_str!("../../../observed/event-types.txt");

/// The log with its webhooks and faults.
pub(crate) struct EventLog {
    /// Ordered by time.
    events: VecDeque<Event>,
    /// Newest sequence of each aggregate.
    sequences: HashMap<(String, String), u64>,
    pub(crate) clock: clock::DatabaseClock,
    pub(crate) known_types: Vec<String>,
    pub(crate) page_cap: usize,
    pub(crate) webhooks: Targets,
    pub(crate) rows: Rows,
    /// Caller of the current management call, author of its events.
    pub(crate) caller: Option<Caller>,
    last: Row,
}

impl EventLog {
    pub(crate) fn new() -> Self {
        Self {
            events: VecDeque::new(),
            sequences: HashMap::new(),
            clock: clock::DatabaseClock::default(),
            known_types: EVENT_TYPES.lines().map(str::to_owned).collect(),
            page_cap: MOST_OF_A_PAGE,
            webhooks: Targets::none(),
            rows: Rows::new(),
            caller: None,
            last: Row::default(),
        }
    }

    /// Writes events of one time, later than any write before.
    pub(crate) fn write(&mut self, editor: Editor, events: impl IntoIterator<Item = NewEvent>) {
        let created = self.clock.next();
        let editor = match &self.caller {
            Some(caller) if editor == Editor::Setup => Editor::Caller(caller.clone()),
            _ => editor,
        };
        let mut subject = None;
        for content in events {
            let event = self.stamped(editor.clone(), content, created);
            let aggregate = aggregate(&event.content);
            if *subject.get_or_insert_with(|| aggregate.clone()) == aggregate {
                let (sequence, owner) = (event.sequence, event.content.resource_owner.clone());
                self.last = Row { sequence, created, changed: created, owner };
            }
            self.show(event);
        }
    }

    /// Row of the thing that the last write's first event concerns.
    pub(crate) fn last_write(&self) -> &Row {
        &self.last
    }

    /// Time of the newest event in microseconds since the Unix epoch.
    pub(crate) fn newest(&self) -> i64 {
        self.events.back().map_or_else(unix_micros, |event| event.created)
    }

    /// Gives an event its time and number without showing it.
    pub(crate) fn reserve(&mut self, content: NewEvent) -> Event {
        let created = self.clock.next();
        self.stamped(Editor::Setup, content, created)
    }

    /// Shows an event to readers and webhooks.
    pub(crate) fn show(&mut self, event: Event) {
        self.webhooks.announce(&event);
        self.rows.note(&event);
        let place = self.events.partition_point(|other| other.created <= event.created);
        self.events.insert(place, event);
        if self.events.len() > CAPACITY {
            self.events.pop_front();
        }
    }

    /// Keeps the oldest `keep` events, like a restored backup. Later numbers are reused.
    pub(crate) fn restore(&mut self, keep: usize) {
        self.events.truncate(keep);
        self.sequences.clear();
        for event in &self.events {
            let newest = self.sequences.entry(aggregate(&event.content)).or_default();
            *newest = event.sequence.max(*newest);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    fn stamped(&mut self, editor: Editor, content: NewEvent, created: i64) -> Event {
        let sequence = self.sequences.entry(aggregate(&content)).or_default();
        *sequence += 1;
        Event { content, editor, sequence: *sequence, created }
    }

    /// Returns the events of a page in the requested order.
    fn page(&self, search: &Search) -> Vec<&Event> {
        let known = |event: &&Event| self.known_types.contains(&event.content.event_type);
        let found = self.events.iter().filter(|event| search.finds(event)).filter(known);
        let most = search.limit().min(self.page_cap);
        if search.asc { found.take(most).collect() } else { found.rev().take(most).collect() }
    }
}

fn aggregate(content: &NewEvent) -> (String, String) {
    (content.aggregate_type.clone(), content.aggregate_id.clone())
}
