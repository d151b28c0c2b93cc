//! The double's only reader of the real clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since the Unix epoch, the unit of ZITADEL's wire format.
pub(crate) fn unix_now() -> i64 {
    whole_seconds(since_epoch())
}

/// Microseconds since the Unix epoch, the resolution of the database.
pub(crate) fn unix_micros() -> i64 {
    micros(since_epoch())
}

/// Converts to whole seconds; saturates.
pub(crate) fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// Converts to whole microseconds; saturates.
pub(crate) fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the double stands for another machine, whose clock is its own"
)]
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
