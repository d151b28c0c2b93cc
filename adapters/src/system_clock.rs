//! The machine's clocks.

use std::{sync::Arc, time::SystemTime};

use domain::{Clock, Moment, Tick, Ticks};
use rustix::time::{ClockId, clock_gettime};

/// The machine's wall clock and monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// A wall clock and a monotonic clock, whose readings form a [`Moment`]. Cheap to clone.
#[derive(Clone)]
pub struct Clocks {
    /// Wall clock, by which `exp` is judged.
    pub wall: Arc<dyn Clock>,
    /// Monotonic clock, which cannot be set.
    pub ticks: Arc<dyn Ticks>,
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the real clock is read")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// Clock that counts on while the machine sleeps; `Instant` on Linux does not.
#[cfg(any(target_os = "linux", target_os = "android"))]
const GOES_ON_IN_SLEEP: ClockId = ClockId::Boottime;
/// Clock that counts on while the machine sleeps, on macOS.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const GOES_ON_IN_SLEEP: ClockId = ClockId::Monotonic;

impl Ticks for SystemClock {
    fn now(&self) -> Tick {
        let time = clock_gettime(GOES_ON_IN_SLEEP);
        let [secs, nanos] =
            [time.tv_sec, time.tv_nsec].map(|part| u64::try_from(part).unwrap_or_default());
        Tick::from_nanos(secs.saturating_mul(1_000_000_000).saturating_add(nanos))
    }
}

impl Clocks {
    /// Returns the machine's wall and monotonic clocks.
    #[must_use]
    pub fn of_the_system() -> Self {
        Self { wall: Arc::new(SystemClock), ticks: Arc::new(SystemClock) }
    }

    /// Returns the current moment by both clocks.
    #[must_use]
    pub fn now(&self) -> Moment {
        Moment::new(self.ticks.now(), self.wall.now())
    }
}

impl std::fmt::Debug for Clocks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clocks")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_never_go_back_and_go_on() {
        let start = Ticks::now(&SystemClock);
        let mut last = start;
        for _ in 0..1_000_000 {
            let now = Ticks::now(&SystemClock);
            assert!(now >= last);
            last = now;
            if now.as_nanos() > start.as_nanos() + 1_000_000 {
                return;
            }
        }
        panic!("a millisecond does not pass");
    }
}
