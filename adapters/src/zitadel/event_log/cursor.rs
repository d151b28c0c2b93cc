//! Cursor: reading position in the event log, for one group of event types. Decides which page to
//! read next, which of its events are new, and whether events may have been missed.
//!
//! No I/O: the caller sends the searches. The position is the time of the newest event, never this
//! machine's time. A search waits for every open write, and a write gets its time only after it is
//! opened. An event that a search misses is therefore later than the beginning of the search. Each
//! read begins before the newest event by the duration of the last read, plus `overlap` in case the
//! database's clock stepped back.
//!
//! A read ends with a page without new events, once every remembered event of its window was met. A
//! page of 100 events or more does not end it, as new ones may follow: servers may send shorter
//! pages than requested.

use std::{mem, time::Duration};

use domain::Moment;

use super::{
    event::{Event, EventTime, Key},
    read::{Forget, PageMeaning, Read, SMALLEST_PAGE},
    remembered::Remembered,
};

/// Maximum time that a review reads back. A review is a read that goes back further than usual, to
/// find new events that have an old time because the clock of ZITADEL's database stepped back.
const REVIEWED: Duration = Duration::from_mins(10);
/// Time between two reviews: reads that go back further than usual.
const REVIEW_EVERY: Duration = Duration::from_mins(1);
/// Maximum number of full pages of events by which a review (a read that goes back further than
/// usual) goes back.
const REVIEW_PAGES: usize = 10;
/// Maximum time for which ZITADEL lets a write to its database stay open, until it is committed.
const LONGEST_WRITE: Duration = Duration::from_secs(15);

#[derive(Debug)]
pub(super) struct Cursor {
    overlap: Duration,
    place: Place,
    remembered: Remembered,
    /// Time of the newest event at the end of the last complete read; `None` without an event.
    newest: Option<EventTime>,
    /// Duration of the last complete read.
    took: Duration,
    reads: u64,
    longest_page: usize,
    reviewed: Option<Moment>,
    /// Moment at which a review (a read that goes back further than usual) last found a new event
    /// that ordinary reads had missed.
    stepped: Option<Moment>,
    under_way: Option<UnderWay>,
}

/// State of the search for the place (a time in the log) at which reads begin.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// No read is complete yet. The first one begins at least `before` (two minutes, for example)
    /// earlier than `made`, the creation of the feed: a response cached after `made` may not show
    /// changes of these minutes yet.
    Since {
        made: Moment,
        before: Duration,
    },
    /// No reading position is known, and events may have been missed: once a position is found,
    /// every cached response is forgotten.
    Anew,
    Found,
}

#[derive(Debug)]
enum UnderWay {
    /// Search for the newest event. Reads will begin some time before this event.
    Newest {
        began: Moment,
    },
    Window(Read),
}

/// Event search that a cursor needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogCall {
    /// Search for the newest event alone.
    Newest,
    /// Search for a page of the events after this time, oldest first.
    Behind(EventTime),
}

#[derive(Debug, Default)]
pub(super) struct PageOutcome {
    /// Events of the page that no earlier page had.
    pub(super) new: Vec<Event>,
    pub(super) forget: Option<Forget>,
    /// Next search of this read; `None` if the read is complete.
    pub(super) next: Option<LogCall>,
}

impl Cursor {
    /// Creates a cursor whose first read covers the events committed since `made`, and in the time
    /// `before` (two minutes, for example) that precedes `made`.
    pub(super) fn new(overlap: Duration, made: Moment, before: Duration) -> Self {
        Self::at(Place::Since { made, before }, overlap)
    }

    /// Creates a cursor for a log whose earlier events may have been missed: its first complete
    /// read causes every cached response to be forgotten.
    pub(super) fn anew(overlap: Duration) -> Self {
        Self::at(Place::Anew, overlap)
    }

    fn at(place: Place, overlap: Duration) -> Self {
        Self {
            overlap,
            place,
            remembered: Remembered::default(),
            newest: None,
            took: Duration::ZERO,
            reads: 0,
            longest_page: SMALLEST_PAGE / 2,
            reviewed: None,
            stepped: None,
            under_way: None,
        }
    }

    /// Begins a read of the log, and returns its first search. An incomplete earlier read is
    /// dropped, but its events stay remembered.
    pub(super) fn begin(&mut self, now: Moment) -> LogCall {
        self.reads += 1;
        if !matches!(self.place, Place::Found) {
            self.under_way = Some(UnderWay::Newest { began: now });
            return LogCall::Newest;
        }
        let ordinary = self.window();
        let is_review = self.is_review_due(now);
        let window = if is_review { self.review_window().min(ordinary) } else { ordinary };
        let read = Read::new(now, window, ordinary, is_review, self.remembered.count_after(window));
        self.under_way = Some(UnderWay::Window(read));
        LogCall::Behind(window)
    }

    /// Records `page`, found by the last search. Returns the new events, and the next search of
    /// this read.
    pub(super) fn turn(&mut self, page: Vec<Event>, now: Moment) -> PageOutcome {
        self.longest_page = self.longest_page.max(page.len());
        match self.under_way.take() {
            None => PageOutcome::default(),
            Some(UnderWay::Newest { began }) => self.find_place(page, began, now),
            Some(UnderWay::Window(read)) => self.turn_page(page, read, now),
        }
    }

    fn turn_page(&mut self, page: Vec<Event>, mut read: Read, now: Moment) -> PageOutcome {
        let times: Vec<_> = page.iter().map(|event| event.key.time).collect();
        let mut new = page;
        new.retain(|event| self.is_new(&event.key, &mut read));
        let mut turned = PageOutcome { new, ..PageOutcome::default() };
        if read.is_review && turned.new.iter().any(|event| event.key.time <= read.ordinary) {
            let is_first = self.stepped.is_none_or(|last| last.age(now) >= REVIEWED);
            turned.forget = is_first.then_some(Forget::ClockStepped);
            self.stepped = Some(now);
        }
        let forget = match read.turn(&times, turned.new.len()) {
            PageMeaning::Next(behind) => {
                turned.next = Some(LogCall::Behind(behind));
                None
            }
            PageMeaning::Passed(time) => {
                turned.next = Some(LogCall::Behind(time));
                self.remembered.pass(time, self.reads).map(|unmet| {
                    read.unmet = read.unmet.saturating_sub(unmet);
                    Forget::TooMany
                })
            }
            PageMeaning::Complete => self.complete(&read, now),
            PageMeaning::Lost(why) => Some(self.lose(why)),
        };
        turned.forget = turned.forget.or(forget);
        if turned.next.is_some() {
            self.under_way = Some(UnderWay::Window(read));
        }
        turned
    }

    /// Remembers an event that `read` met, and returns true if it was not remembered before.
    fn is_new(&mut self, key: &Key, read: &mut Read) -> bool {
        let met_by = self.remembered.meet(key, self.reads);
        let is_by_earlier = met_by.is_some_and(|met_by| met_by != self.reads);
        if is_by_earlier && key.time > read.window && !self.remembered.is_passed(key.time) {
            read.unmet = read.unmet.saturating_sub(1);
        }
        met_by.is_none()
    }

    /// Sets the reading position some time before the newest event, which is in `page`. Returns the
    /// search for the events after this position.
    fn find_place(&mut self, mut page: Vec<Event>, began: Moment, now: Moment) -> PageOutcome {
        let Some(newest) = page.iter().map(|event| event.key.time).max() else {
            if !self.remembered.is_empty() {
                let forget = Some(self.lose(Forget::Restored));
                return PageOutcome { forget, ..PageOutcome::default() };
            }
            let read = Read::new(began, EventTime::default(), EventTime::default(), false, 0);
            return PageOutcome { forget: self.complete(&read, now), ..PageOutcome::default() };
        };
        let further = match self.place {
            Place::Since { made, before } => made.age(began) + before.max(LONGEST_WRITE),
            Place::Anew | Place::Found => Duration::ZERO,
        };
        let back = began.age(now) + self.overlap + further;
        let window = newest.before(back).min(newest.just_before());
        self.remembered.since = window;
        page.retain(|event| self.remembered.meet(&event.key, self.reads).is_none());
        // The window brings these events again, in a read with the next number.
        self.reads += 1;
        let read = Read::new(began, window, window, false, self.remembered.count_after(window));
        self.under_way = Some(UnderWay::Window(read));
        PageOutcome { new: page, forget: None, next: Some(LogCall::Behind(window)) }
    }

    fn complete(&mut self, read: &Read, now: Moment) -> Option<Forget> {
        self.took = read.began.age(now);
        self.newest = self.remembered.times().next();
        if read.is_review {
            self.reviewed = Some(now);
        }
        let is_anew = matches!(mem::replace(&mut self.place, Place::Found), Place::Anew);
        let window = self.window();
        self.remembered.forget_passed(window);
        self.remembered.forget_up_to(window.min(self.review_start()));
        if let Some(surplus) = self.remembered.surplus() {
            if surplus > window {
                return Some(self.lose(Forget::TooMany));
            }
            self.remembered.forget_up_to(surplus);
        }
        is_anew.then_some(Forget::FoundAnew)
    }

    fn lose(&mut self, why: Forget) -> Forget {
        *self = Self { longest_page: self.longest_page, ..Self::anew(self.overlap) };
        why
    }

    /// Returns the time after which an ordinary read begins, before the newest event. If possible,
    /// the read also covers an event with an older time: only a page with different times shows
    /// [`Read::turn`] how many events a page can hold.
    fn window(&self) -> EventTime {
        let Some(newest) = self.newest else { return EventTime::default() };
        let window = newest.before(self.took + self.overlap).min(newest.just_before());
        let older = self.remembered.times().find(|time| *time < newest);
        older.map_or(window, |older| window.min(older.just_before()))
    }

    fn is_review_due(&self, now: Moment) -> bool {
        self.reviewed.is_none_or(|last| last.age(now) >= REVIEW_EVERY)
            || self.stepped.is_some_and(|last| last.age(now) < REVIEWED)
    }

    /// Returns the time after which a review (a read that goes back further than usual) begins: ten
    /// minutes before the newest event. It begins later if the remembered events do, or fill more
    /// than [`REVIEW_PAGES`] pages.
    fn review_window(&self) -> EventTime {
        let reach = self.remembered.times().nth(self.longest_page * REVIEW_PAGES);
        self.review_start().max(self.remembered.since).max(reach.unwrap_or_default())
    }

    fn review_start(&self) -> EventTime {
        self.newest.map(|newest| newest.before(REVIEWED)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
