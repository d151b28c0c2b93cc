//! The real time.

use std::time::SystemTime;

use domain::Clock;

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is where the real clock is read")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}
