//! Moments in time, each read from the monotonic clock and the wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Monotonic clock, which measures elapsed time; a test can replace it.
#[cfg_attr(any(test, feature = "mock"), mockall::automock)]
pub trait Ticks: Send + Sync {
    /// Returns the clock's current reading. It never goes back, and it counts on while the machine
    /// sleeps.
    fn now(&self) -> Tick;
}

/// Reading of a monotonic clock: nanoseconds since an arbitrary start. Only differences mean
/// something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tick(u64);

/// A moment, read from the monotonic clock and the wall clock.
///
/// Neither is reliable alone: the monotonic clock stands still while a virtual machine is paused,
/// and the wall clock can be set back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// Reading of the monotonic clock.
    pub tick: Tick,
    /// Reading of the wall clock, in nanoseconds since 1970.
    wall: u64,
}

impl Tick {
    /// Creates a tick from nanoseconds since the start of the clock.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Returns nanoseconds since the start of the clock.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Returns this tick plus `later`; saturates at the largest tick.
    #[must_use]
    pub fn after(self, later: Duration) -> Self {
        Self(self.0.saturating_add(nanos(later)))
    }
}

impl Moment {
    /// Creates a moment from a reading of each clock. A wall-clock time before 1970 counts as 1970.
    #[must_use]
    pub fn new(tick: Tick, wall: SystemTime) -> Self {
        Self { tick, wall: nanos(wall.duration_since(UNIX_EPOCH).unwrap_or_default()) }
    }

    /// Creates a moment from nanoseconds since the monotonic clock's start and since 1970.
    #[must_use]
    pub const fn from_nanos(tick: u64, wall: u64) -> Self {
        Self { tick: Tick(tick), wall }
    }

    /// Returns the reading of the wall clock, in nanoseconds since 1970.
    #[must_use]
    pub const fn wall_nanos(self) -> u64 {
        self.wall
    }

    /// Returns the nanoseconds from this moment to `now`: the larger of the two clocks'
    /// differences.
    #[must_use]
    pub fn age_nanos(self, now: Self) -> u64 {
        let by_tick = now.tick.0.saturating_sub(self.tick.0);
        by_tick.max(now.wall.saturating_sub(self.wall))
    }

    /// Returns the time from this moment to `now`: the larger of the two clocks' differences.
    #[must_use]
    pub fn age(self, now: Self) -> Duration {
        Duration::from_nanos(self.age_nanos(now))
    }
}

pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(tick: u64, wall: u64) -> Moment {
        Moment::from_nanos(tick, wall)
    }

    #[test]
    fn an_age_is_counted_by_the_clock_that_counts_more() {
        for (then, now, age) in [
            (moment(5, 5), moment(8, 8), 3),
            // The machine was paused: the monotonic clock stood still.
            (moment(5, 5), moment(6, 3_605), 3_600),
            // The wall clock was set back.
            (moment(5, 500), moment(9, 100), 4),
            (moment(5, 500), moment(5, 100), 0),
            (moment(0, 0), moment(u64::MAX, 1), u64::MAX),
        ] {
            assert_eq!(then.age_nanos(now), age, "{then:?} {now:?}");
        }
    }

    #[test]
    fn a_moment_before_1970_is_1970() {
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(Moment::new(Tick::from_nanos(1), before).wall_nanos(), 0);
    }

    #[test]
    fn the_end_of_time_is_not_passed() {
        assert_eq!(Tick::from_nanos(1).after(Duration::MAX), Tick::from_nanos(u64::MAX));
    }
}
