//! Remembers the events that reads met, so that none is reported twice when a window is read again.

use std::{collections::BTreeMap, mem};

use super::event::{EventTime, Key};

const MAX_REMEMBERED: usize = 20_000;

/// Remembered events, all later than `since`, each with the number of the last read that met the
/// event.
#[derive(Debug, Default)]
pub(super) struct Remembered {
    events: BTreeMap<Key, u64>,
    pub(super) since: EventTime,
    /// Times shared by more events than a page holds; a read need not find these events again. The
    /// flag is true once a second read has come upon the time.
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

    /// If too many events are remembered, returns the time up to which they must be dropped.
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

    /// Notes that more events share `time` than a page holds. Returns `Some` if every cached
    /// response must be forgotten for this, with the number of events that read number `read` still
    /// had to find again, and now need not.
    ///
    /// The first two reads that meet the time cause every response to be forgotten: an event
    /// committed between the two may have the same time. Later events have a later time.
    pub(super) fn pass(&mut self, time: EventTime, read: u64) -> Option<usize> {
        if let Some((_, is_told)) = self.passed.iter_mut().find(|(passed, _)| *passed == time) {
            return (!mem::replace(is_told, true)).then_some(0);
        }
        self.passed.push((time, false));
        let of_time = self.events.iter().rev().skip_while(|(key, _)| key.time > time);
        let unmet = of_time.take_while(|(key, _)| key.time == time).filter(|(_, by)| **by != read);
        Some(unmet.count())
    }

    /// Drops the times noted by [`Self::pass`], up to the time `window`, after which the next
    /// ordinary read begins.
    pub(super) fn forget_passed(&mut self, window: EventTime) {
        self.passed.retain(|(time, _)| *time > window);
    }
}
