//! The double's only reader of the real clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since the Unix epoch, as every time on ZITADEL's wire is given.
#[expect(
    clippy::disallowed_methods,
    reason = "the double stands for another machine, whose clock is its own"
)]
pub(crate) fn unix_now() -> i64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    whole_seconds(since_epoch)
}

/// A duration in whole seconds, as large as the type can say.
pub(crate) fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
