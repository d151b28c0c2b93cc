//! Remembers events that reads met. Each read begins before the newest event, so it meets some
//! events again, which must not be reported twice.

use std::{collections::BTreeMap, mem};

use super::event::{EventTime, Key};

const MAX_REMEMBERED: usize = 20_000;

/// Remembered events, each with the number of the last read that met the event. Events up to the
/// time `since` are not remembered.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    events: BTreeMap<Key, u64>,
    pub(super) since: EventTime,
    /// Times shared by more events than a page holds; a read need not find these events again. The
    /// first two reads that meet such a time cause every cached response to be forgotten; the flag
    /// is true after the second.
    passed: Vec<(EventTime, bool)>,
}

impl Remembered {
    /// Remembers an event that read number `read` met. Returns the number of the previous read that
    /// met the event; `None` if the event is new.
    pub(super) fn meet(&mut self, key: &Key, read: u64) -> Option<u64> {
        if let Some(met_by) = self.events.get_mut(key) {
            return Some(mem::replace(met_by, read));
        }
        self.events.insert(key.clone(), read);
        None
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Returns the times of the remembered events, newest first.
    pub(super) fn times(&self) -> impl Iterator<Item = EventTime> {
        self.events.keys().rev().map(|key| key.time)
    }

    /// Returns the number of remembered events after `time` that a read must find again: if one is
    /// missing, the log was restored from a backup.
    pub(super) fn count_after(&self, time: EventTime) -> usize {
        self.times().take_while(|it| *it > time).filter(|it| !self.is_passed(*it)).count()
    }

    /// Returns the time up to which events must be dropped, if too many are remembered.
    pub(super) fn surplus(&self) -> Option<EventTime> {
        let surplus = self.events.len().checked_sub(MAX_REMEMBERED + 1)?;
        self.events.keys().nth(surplus).map(|key| key.time)
    }

    pub(super) fn forget_up_to(&mut self, time: EventTime) {
        while let Some(oldest) = self.events.first_entry()
            && oldest.key().time <= time
        {
            oldest.remove();
        }
        self.since = self.since.max(time);
    }

    pub(super) fn is_passed(&self, time: EventTime) -> bool {
        self.passed.iter().any(|(passed, _)| *passed == time)
    }

    /// Notes that read number `read` found more events of `time` than a page holds. For the first
    /// two such reads, returns `Some`: every cached response must be forgotten, and the read need
    /// no longer find this number of remembered events. For later reads, returns `None`.
    ///
    /// Two reads are needed: an event committed between them may have the same time. Later events
    /// have a later time.
    pub(super) fn pass(&mut self, time: EventTime, read: u64) -> Option<usize> {
        if let Some((_, is_told)) = self.passed.iter_mut().find(|(passed, _)| *passed == time) {
            return (!mem::replace(is_told, true)).then_some(0);
        }
        self.passed.push((time, false));
        let of_time = self.events.iter().rev().skip_while(|(key, _)| key.time > time);
        let unmet = of_time.take_while(|(key, _)| key.time == time).filter(|(_, by)| **by != read);
        Some(unmet.count())
    }

    /// Drops the notes of [`Self::pass`] (times with more events than a page holds) up to `window`:
    /// ordinary reads begin after it, and do not meet these times again.
    pub(super) fn forget_passed(&mut self, window: EventTime) {
        self.passed.retain(|(time, _)| *time > window);
    }
}
