//! Cursor of one group of event types: which pages are read, what is new in them, and when that
//! cannot be told.
//!
//! Pure: it takes pages and moments, and returns the next call. Its place is the time of the newest
//! event, never a clock of ours. Before the server reads, it waits for every write under way, and a
//! write takes its time after that lock: an event that commits after a call began has a time from
//! after that beginning. A read therefore begins before the newest event by the duration of the
//! last read, and by `overlap` for a database clock that steps back.
//!
//! A read ends with a page without unseen events, once every remembered event of its window was
//! met. A page of a hundred events or more does not end it: it may be full, with unseen events
//! after it. A page shorter than requested proves nothing else, for a server may cap pages.

use std::{collections::BTreeMap, mem, time::Duration};

use domain::Moment;

use super::{
    event::{Event, EventTime, Key},
    read::{Read, SMALLEST_PAGE, Turn},
};

/// Largest number of remembered events.
const MAX_REMEMBERED: usize = 20_000;
/// Longest window of a review.
const REVIEWED: Duration = Duration::from_mins(10);
/// Time between two reviews.
const REVIEW_EVERY: Duration = Duration::from_mins(1);
/// Largest number of full pages in the window of a review.
const REVIEW_PAGES: usize = 10;
/// Longest time that ZITADEL lets a write stay open.
const LONGEST_WRITE: Duration = Duration::from_secs(15);

/// Reads one group of event types.
#[derive(Debug)]
pub(super) struct Cursor {
    overlap: Duration,
    place: Place,
    /// Every event after `known_from` that was met, with the number of the read that met it last.
    remembered: BTreeMap<Key, u64>,
    known_from: EventTime,
    /// Newest event of the last complete read; `None` if the log was empty.
    newest: Option<EventTime>,
    /// Duration of the last complete read.
    took: Duration,
    reads: u64,
    longest_page: usize,
    reviewed: Option<Moment>,
    /// Moment at which an event with too early a time was last found.
    stepped: Option<Moment>,
    /// Times with more events than a page holds, and whether everything was forgotten a second
    /// time.
    passed: Vec<(EventTime, bool)>,
    under_way: Option<UnderWay>,
}

/// State of the cursor's place in the log.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Not found yet. No kept answer was requested before `made`, or tells what was true more than
    /// `before` earlier.
    Since {
        made: Moment,
        before: Duration,
    },
    /// Not found yet. Everything is forgotten once it is found.
    Anew,
    Found,
}

#[derive(Debug)]
enum UnderWay {
    /// The newest event is being asked for.
    Newest {
        began: Moment,
    },
    Window(Read),
}

/// Call that a cursor needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// The newest event alone.
    Newest,
    /// A page of the events after a time, oldest first.
    Behind(EventTime),
}

/// Reason to forget everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forget {
    /// An event of the window is missing or replaced: the log was restored.
    Restored,
    /// An event came with a time from before the window: the database's clock stepped back.
    ClockStepped,
    /// There are more events than can be read or remembered.
    TooMany,
    /// The place in the log was lost, and was found anew.
    FoundAnew,
}

/// Outcome of one page.
#[derive(Debug, Default)]
pub(super) struct Turned {
    /// Events that were met for the first time.
    pub(super) new: Vec<Event>,
    pub(super) forget: Option<Forget>,
    /// Next call of this read; `None` if the read is complete.
    pub(super) next: Option<Ask>,
}

impl Cursor {
    /// Reads what is committed from the moment `made` on, and in the time `before` it.
    pub(super) fn new(overlap: Duration, made: Moment, before: Duration) -> Self {
        Self::at(Place::Since { made, before }, overlap)
    }

    /// Forgets everything with its first complete read, and reads what is committed from then on.
    pub(super) fn anew(overlap: Duration) -> Self {
        Self::at(Place::Anew, overlap)
    }

    fn at(place: Place, overlap: Duration) -> Self {
        Self {
            overlap,
            place,
            remembered: BTreeMap::new(),
            known_from: EventTime::default(),
            newest: None,
            took: Duration::ZERO,
            reads: 0,
            longest_page: SMALLEST_PAGE / 2,
            reviewed: None,
            stepped: None,
            passed: Vec::new(),
            under_way: None,
        }
    }

    /// Begins a read. An incomplete read is dropped; its events stay remembered.
    pub(super) fn begin(&mut self, now: Moment) -> Ask {
        self.reads += 1;
        if !matches!(self.place, Place::Found) {
            self.under_way = Some(UnderWay::Newest { began: now });
            return Ask::Newest;
        }
        let ordinary = self.window();
        let is_review = self.is_review_due(now);
        let window = if is_review { self.review_window().min(ordinary) } else { ordinary };
        let read = Read::new(now, window, ordinary, is_review, self.known_behind(window));
        self.under_way = Some(UnderWay::Window(read));
        Ask::Behind(window)
    }

    /// Takes the answer to the last call.
    pub(super) fn turn(&mut self, page: Vec<Event>, now: Moment) -> Turned {
        self.longest_page = self.longest_page.max(page.len());
        match self.under_way.take() {
            None => Turned::default(),
            Some(UnderWay::Newest { began }) => self.find_place(page, began, now),
            Some(UnderWay::Window(read)) => self.turn_page(page, read, now),
        }
    }

    fn turn_page(&mut self, page: Vec<Event>, mut read: Read, now: Moment) -> Turned {
        let times: Vec<_> = page.iter().map(|event| event.key.time).collect();
        let mut new = page;
        new.retain(|event| self.is_new(&event.key, &mut read));
        let mut turned = Turned { new, ..Turned::default() };
        if read.is_review && turned.new.iter().any(|event| event.key.time <= read.ordinary) {
            let is_first = self.stepped.is_none_or(|last| last.age(now) >= REVIEWED);
            turned.forget = is_first.then_some(Forget::ClockStepped);
            self.stepped = Some(now);
        }
        let forget = match read.turn(&times, turned.new.len()) {
            Turn::Next(behind) => {
                turned.next = Some(Ask::Behind(behind));
                None
            }
            Turn::Passed(time) => {
                turned.next = Some(Ask::Behind(time));
                self.pass(time, &mut read)
            }
            Turn::Complete => self.complete(&read, now),
            Turn::Lost(why) => Some(self.lose(why)),
        };
        turned.forget = turned.forget.or(forget);
        if turned.next.is_some() {
            self.under_way = Some(UnderWay::Window(read));
        }
        turned
    }

    /// Remembers an event, and returns whether it is met for the first time.
    fn is_new(&mut self, key: &Key, read: &mut Read) -> bool {
        let Some(met_by) = self.remembered.get_mut(key) else {
            self.remembered.insert(key.clone(), self.reads);
            return true;
        };
        if *met_by != self.reads {
            *met_by = self.reads;
            if key.time > read.window && !is_passed(&self.passed, key.time) {
                read.unmet = read.unmet.saturating_sub(1);
            }
        }
        false
    }

    /// Derives the first window from the newest event.
    fn find_place(&mut self, mut page: Vec<Event>, began: Moment, now: Moment) -> Turned {
        let Some(newest) = page.iter().map(|event| event.key.time).max() else {
            if !self.remembered.is_empty() {
                let forget = Some(self.lose(Forget::Restored));
                return Turned { forget, ..Turned::default() };
            }
            let read = Read::new(began, EventTime::default(), EventTime::default(), false, 0);
            return Turned { forget: self.complete(&read, now), ..Turned::default() };
        };
        let further = match self.place {
            Place::Since { made, before } => made.age(began) + before.max(LONGEST_WRITE),
            Place::Anew | Place::Found => Duration::ZERO,
        };
        let back = began.age(now) + self.overlap + further;
        let window = newest.before(back).min(newest.just_before());
        self.known_from = window;
        page.retain(|event| self.remembered.insert(event.key.clone(), self.reads).is_none());
        // The window meets them again, in a read with the next number.
        self.reads += 1;
        let read = Read::new(began, window, window, false, self.known_behind(window));
        self.under_way = Some(UnderWay::Window(read));
        Turned { new: page, forget: None, next: Some(Ask::Behind(window)) }
    }

    /// Notes a time that has more events than a page holds.
    ///
    /// The first two reads that meet it forget everything. A write that commits after the second
    /// began has a later time; one that commits between the two may have an earlier time, or the
    /// same.
    fn pass(&mut self, time: EventTime, read: &mut Read) -> Option<Forget> {
        if !is_passed(&self.passed, time) {
            let reads = self.reads;
            let of_time = self.remembered.iter().rev().skip_while(|(key, _)| key.time > time);
            let unmet = of_time
                .take_while(|(key, _)| key.time == time)
                .filter(|(_, met_by)| **met_by != reads);
            read.unmet = read.unmet.saturating_sub(unmet.count());
            self.passed.push((time, false));
            return Some(Forget::TooMany);
        }
        let (_, is_told) = self.passed.iter_mut().find(|(passed, _)| *passed == time)?;
        (!mem::replace(is_told, true)).then_some(Forget::TooMany)
    }

    fn complete(&mut self, read: &Read, now: Moment) -> Option<Forget> {
        self.took = read.began.age(now);
        self.newest = self.remembered.last_key_value().map(|(key, _)| key.time);
        if read.is_review {
            self.reviewed = Some(now);
        }
        let is_anew = matches!(mem::replace(&mut self.place, Place::Found), Place::Anew);
        let window = self.window();
        self.passed.retain(|(time, _)| *time > window);
        self.forget_from_before(window.min(self.review_start()));
        if let Some(surplus) = self.remembered.len().checked_sub(MAX_REMEMBERED + 1)
            && let Some(cut) = self.remembered.keys().nth(surplus).map(|key| key.time)
        {
            if cut > window {
                return Some(self.lose(Forget::TooMany));
            }
            self.forget_from_before(cut);
        }
        is_anew.then_some(Forget::FoundAnew)
    }

    /// Keeps only the events after `time`.
    fn forget_from_before(&mut self, time: EventTime) {
        while let Some(oldest) = self.remembered.first_entry()
            && oldest.key().time <= time
        {
            oldest.remove();
        }
        self.known_from = self.known_from.max(time);
    }

    fn lose(&mut self, why: Forget) -> Forget {
        *self = Self { longest_page: self.longest_page, ..Self::anew(self.overlap) };
        why
    }

    /// Returns the time after which every read begins. If possible, the window has an event from
    /// before the newest time: a page with a single time is then known to be full.
    fn window(&self) -> EventTime {
        let Some(newest) = self.newest else { return EventTime::default() };
        let window = newest.before(self.took + self.overlap).min(newest.just_before());
        let older = self.remembered.keys().rev().find(|key| key.time < newest);
        older.map_or(window, |older| window.min(older.time.just_before()))
    }

    fn is_review_due(&self, now: Moment) -> bool {
        self.reviewed.is_none_or(|last| last.age(now) >= REVIEW_EVERY)
            || self.stepped.is_some_and(|last| last.age(now) < REVIEWED)
    }

    /// Returns the time after which a review begins: all that was written after it is remembered,
    /// and fits a few pages.
    fn review_window(&self) -> EventTime {
        let reach = self.remembered.keys().rev().nth(self.longest_page * REVIEW_PAGES);
        self.review_start().max(self.known_from).max(reach.map(|key| key.time).unwrap_or_default())
    }

    fn review_start(&self) -> EventTime {
        self.newest.map(|newest| newest.before(REVIEWED)).unwrap_or_default()
    }

    /// Returns the number of remembered events that a read of the window after `time` meets.
    fn known_behind(&self, time: EventTime) -> usize {
        let behind = self.remembered.keys().rev().take_while(|key| key.time > time);
        behind.filter(|key| !is_passed(&self.passed, key.time)).count()
    }
}

fn is_passed(passed: &[(EventTime, bool)], time: EventTime) -> bool {
    passed.iter().any(|(passed, _)| *passed == time)
}

#[cfg(test)]
mod tests;
