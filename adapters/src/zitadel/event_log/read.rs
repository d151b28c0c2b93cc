//! Read of a time window of ZITADEL's event log: which page comes next, and when the read is
//! complete.

use domain::Moment;

use super::event::EventTime;

/// Maximum number of pages in one read; a longer read is given up.
pub(super) const MAX_PAGES: u32 = 20;
/// Smallest length of a full page, in events. Further events may follow a page of this length or
/// more.
pub(super) const SMALLEST_PAGE: usize = 100;

#[derive(Debug)]
pub(super) struct Read {
    pub(super) began: Moment,
    /// Exclusive lower bound of this read: only later events are requested.
    pub(super) window: EventTime,
    /// Time after which an ordinary read begins. A review is a read that begins earlier: if it
    /// finds a new event up to this time, the clock of ZITADEL's database stepped back.
    pub(super) ordinary: EventTime,
    /// True in a review: a read that begins earlier than an ordinary one, to find new events that
    /// have an old time because the database's clock stepped back.
    pub(super) is_review: bool,
    /// Number of remembered events that this read must still find again. If one is never found, the
    /// log was restored from a backup.
    pub(super) unmet: usize,
    /// Time after which the last requested page of events begins.
    page: EventTime,
    pages: u32,
    /// Number of events in this read's longest page whose events have different times. A page with
    /// at least as many events, all of one time, counts as full: further events may have the same
    /// time.
    longest_mixed: Option<usize>,
}

/// Reason to forget every cached introspection response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forget {
    /// A remembered event is no longer in the log: the log was restored from a backup.
    Restored,
    /// A review found a new event from before the times that ordinary reads cover: the database's
    /// clock stepped back.
    ClockStepped,
    /// There are more events than can be read or remembered.
    TooMany,
    /// The cursor had no reading position in the log, and has found one: earlier changes may be
    /// missing.
    FoundAnew,
}

/// Next step of a read after a page of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageMeaning {
    /// The read needs a further page, of the events after this time.
    Next(EventTime),
    /// A full page, whose events all have this time. Further events of this time cannot be read,
    /// because a search begins after a time, not after an event. The read goes on with later
    /// events.
    Passed(EventTime),
    Complete,
    Lost(Forget),
}

impl Read {
    pub(super) fn new(
        began: Moment,
        window: EventTime,
        ordinary: EventTime,
        is_review: bool,
        unmet: usize,
    ) -> Self {
        let (page, pages, longest_mixed) = (window, 0, None);
        Self { began, window, ordinary, is_review, unmet, page, pages, longest_mixed }
    }

    /// Records a page: the times of its events, and the number of new ones (`unseen`). Returns
    /// whether the read is complete, has failed, or needs a further page.
    ///
    /// A further page begins just before the last of `times`: a page may end between events of the
    /// same time.
    pub(super) fn turn(&mut self, times: &[EventTime], unseen: usize) -> PageMeaning {
        self.pages += 1;
        let (Some(first), Some(last)) = (times.first(), times.last()) else {
            return self.end();
        };
        if times.iter().any(|time| time != first) {
            self.longest_mixed = self.longest_mixed.max(Some(times.len()));
        } else if times.len() >= self.longest_mixed.unwrap_or(SMALLEST_PAGE) {
            self.page = *last;
            return self.within_bounds(PageMeaning::Passed(*last));
        }
        let may_be_full = times.len() >= SMALLEST_PAGE;
        if unseen == 0 && self.unmet == 0 && !may_be_full {
            return PageMeaning::Complete;
        }
        let next = last.just_before();
        if unseen == 0 && next <= self.page {
            return self.end();
        }
        self.page = self.page.max(next);
        self.within_bounds(PageMeaning::Next(self.page))
    }

    fn end(&self) -> PageMeaning {
        if self.unmet == 0 { PageMeaning::Complete } else { PageMeaning::Lost(Forget::Restored) }
    }

    fn within_bounds(&self, turn: PageMeaning) -> PageMeaning {
        if self.pages < MAX_PAGES { turn } else { PageMeaning::Lost(Forget::TooMany) }
    }
}
