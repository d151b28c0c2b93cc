//! The database's clock, which gives events their times.

use std::time::Duration;

use crate::clock::{micros, unix_micros};

/// Difference between the database's clock and the double's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogClock {
    /// No difference.
    #[default]
    Right,
    /// Ahead by this time.
    Ahead(Duration),
    /// Behind by this time.
    Behind(Duration),
}

/// Clock whose times rise with each write, unless a test turns it back.
#[derive(Debug, Default)]
pub(crate) struct DatabaseClock {
    offset: i64,
    last: i64,
}

impl DatabaseClock {
    pub(crate) fn set(&mut self, clock: LogClock) {
        self.offset = match clock {
            LogClock::Right => 0,
            LogClock::Ahead(time) => micros(time),
            LogClock::Behind(time) => micros(time).saturating_neg(),
        };
        self.last = 0;
    }

    /// Microseconds since the Unix epoch for the next write.
    pub(super) fn next(&mut self) -> i64 {
        let now = unix_micros().saturating_add(self.offset);
        self.last = now.max(self.last.saturating_add(1));
        self.last
    }
}
