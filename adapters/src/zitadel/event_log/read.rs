//! One read of a window of the log: which page comes next, and when it is complete.

use domain::Moment;

use super::event::EventTime;

/// Largest number of pages in one read.
pub(super) const MAX_PAGES: u32 = 20;
/// Fewest events that a server sends if it has more.
pub(super) const SMALLEST_PAGE: usize = 100;

#[derive(Debug)]
pub(super) struct Read {
    pub(super) began: Moment,
    /// Time after which the window begins.
    pub(super) window: EventTime,
    /// Time after which the window of every read begins. An unknown event from before it comes
    /// late.
    pub(super) ordinary: EventTime,
    /// Set when the window begins earlier, to find what was written there since.
    pub(super) is_review: bool,
    /// Number of remembered events of the window that were not met yet.
    pub(super) unmet: usize,
    /// Time after which the requested page begins.
    page: EventTime,
    pages: u32,
    /// Length of the longest page with two times or more.
    longest_mixed: Option<usize>,
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

/// Meaning of a page for its read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageMeaning {
    /// A further page is needed, which begins after this time.
    Next(EventTime),
    /// The server has more events of this time than a page holds: the rest cannot be reached.
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

    /// Takes a page with these times, of whose events `unseen` are new.
    ///
    /// The next page begins just before the last time of this one, for a page may end among events
    /// of one time.
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
        // A full page that ends with the last known event may have others after it.
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
