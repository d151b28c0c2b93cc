//! Lag of projections behind additions.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::clock::{micros, unix_micros};

/// Lag of lists and introspection behind additions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VisibilityLag {
    /// No lag.
    #[default]
    None,
    /// After this time.
    Time(Duration),
    /// After this many reads, each a list or an introspection.
    Reads(usize),
}

/// Hidden things, by the keys of their rows.
#[derive(Debug, Default)]
pub(super) struct Visibility {
    lag: VisibilityLag,
    reads: AtomicUsize,
    hidden: HashMap<String, Until>,
}

#[derive(Clone, Copy, Debug)]
enum Until {
    Time(i64),
    Reads(usize),
}

impl Visibility {
    /// Sets the lag of later additions; hidden things keep theirs.
    pub(super) fn set(&mut self, lag: VisibilityLag) {
        self.lag = lag;
    }

    pub(super) fn added(&mut self, key: &str) {
        let until = match self.lag {
            VisibilityLag::None => return,
            VisibilityLag::Time(time) => Until::Time(unix_micros().saturating_add(micros(time))),
            VisibilityLag::Reads(count) => {
                Until::Reads(self.reads.load(Ordering::SeqCst).saturating_add(count))
            }
        };
        self.hidden.insert(key.to_owned(), until);
    }

    pub(super) fn read(&self) {
        self.reads.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn shows(&self, key: &str) -> bool {
        match self.hidden.get(key) {
            None => true,
            Some(Until::Time(time)) => unix_micros() >= *time,
            Some(Until::Reads(count)) => self.reads.load(Ordering::SeqCst) >= *count,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Visibility, VisibilityLag};

    #[test]
    fn a_thing_is_seen_when_its_own_lag_is_over() {
        let mut visibility = Visibility::default();
        visibility.added("before");
        visibility.set(VisibilityLag::Reads(2));
        visibility.added("new");
        visibility.set(VisibilityLag::Time(Duration::from_hours(1)));
        visibility.added("late");
        visibility.set(VisibilityLag::Time(Duration::ZERO));
        visibility.added("at once");
        let seen = |visibility: &Visibility| {
            ["before", "new", "late", "at once"].map(|key| visibility.shows(key))
        };
        assert_eq!(seen(&visibility), [true, false, false, true]);
        visibility.read();
        assert_eq!(seen(&visibility), [true, false, false, true]);
        visibility.read();
        assert_eq!(seen(&visibility), [true, true, false, true]);
    }
}
