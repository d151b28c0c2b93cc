//! Test helper that simulates ZITADEL's event log and a reader, by one clock that the test moves.

use super::*;
use crate::zitadel::event_log::event::Payload;

pub(super) const OVERLAP: Duration = Duration::from_secs(10);
/// One second in microseconds, the unit of the times in this module.
pub(super) const SECOND: u64 = 1_000_000;

/// Write under way: its events have got their times, but no search finds them until it is
/// committed.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) events: Vec<Key>,
    is_waited_for: bool,
}

#[derive(Debug)]
pub(super) struct Log {
    /// Time by this machine's clock, in microseconds.
    pub(super) now: u64,
    /// Microseconds by which the database's clock is behind this machine's.
    pub(super) behind: u64,
    /// Maximum number of events in a page.
    pub(super) cap: usize,
    pub(super) committed: Vec<Key>,
    pub(super) open: Vec<Write>,
    sequence: u64,
}

/// Cursor under test, with everything that it returned: events, and reasons to forget cached
/// responses.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) cursor: Cursor,
    pub(super) told: Vec<Key>,
    pub(super) forgets: Vec<Forget>,
    pub(super) pages: usize,
}

impl Log {
    pub(super) fn new() -> Self {
        let (committed, open) = (Vec::new(), Vec::new());
        Self { now: 5_000 * SECOND, behind: 0, cap: 1_000, committed, open, sequence: 0 }
    }

    pub(super) fn moment(&self) -> Moment {
        Moment::from_nanos(self.now * 1_000, self.now * 1_000)
    }

    /// Begins a write of `count` events, all with the current time of the database's clock.
    pub(super) fn begin(&mut self, count: usize) {
        let time = EventTime::from_micros(self.now - self.behind);
        let events = (0..count).map(|_| {
            self.sequence += 1;
            let (aggregate_id, event_type) = (self.sequence.to_string(), "user.locked".into());
            let (aggregate_type, sequence) = ("user".into(), 1);
            Key { time, aggregate_type, aggregate_id: aggregate_id.into(), sequence, event_type }
        });
        let events = events.collect();
        self.open.push(Write { events, is_waited_for: false });
    }

    pub(super) fn commit(&mut self, index: usize) {
        if index < self.open.len() {
            let write = self.open.swap_remove(index);
            self.committed.extend(write.events);
        }
    }

    pub(super) fn write(&mut self, count: usize) {
        self.begin(count);
        self.commit(self.open.len() - 1);
    }

    /// Begins a search. As in ZITADEL, it waits until the open writes are committed.
    pub(super) fn call(&mut self) {
        for write in &mut self.open {
            write.is_waited_for = true;
        }
    }

    /// Ends the search `ask`: commits the writes that it waited for, and returns the page found.
    pub(super) fn answer(&mut self, ask: LogCall) -> Vec<Event> {
        let (waited_for, open): (Vec<_>, Vec<_>) =
            self.open.drain(..).partition(|write| write.is_waited_for);
        self.open = open;
        self.committed.extend(waited_for.into_iter().flat_map(|write| write.events));
        let since = match ask {
            LogCall::Newest => None,
            LogCall::Behind(since) => Some(since),
        };
        let mut keys: Vec<_> = self
            .committed
            .iter()
            .filter(|key| since.is_none_or(|since| key.time > since))
            .collect();
        keys.sort();
        match since {
            None => keys = keys.pop().into_iter().collect(),
            Some(_) => keys.truncate(self.cap),
        }
        keys.into_iter().cloned().map(|key| Event { key, payload: Payload::default() }).collect()
    }
}

impl Reader {
    pub(super) fn new(log: &Log) -> Self {
        let cursor = Cursor::new(OVERLAP, log.moment(), Duration::ZERO);
        Self { cursor, told: Vec::new(), forgets: Vec::new(), pages: 0 }
    }

    pub(super) fn turn(&mut self, page: Vec<Event>, now: Moment) -> Option<LogCall> {
        let PageOutcome { new, forget, next } = self.cursor.turn(page, now);
        self.pages += 1;
        self.told.extend(new.into_iter().map(|event| event.key));
        self.forgets.extend(forget);
        next
    }

    pub(super) fn read(&mut self, log: &mut Log) {
        self.pages = 0;
        let mut next = Some(self.cursor.begin(log.moment()));
        while let Some(ask) = next {
            log.call();
            let page = log.answer(ask);
            next = self.turn(page, log.moment());
        }
    }

    pub(super) fn missing(&self, log: &Log) -> usize {
        log.committed.iter().filter(|key| !self.told.contains(key)).count()
    }
}
