//! The wall clock, for times in tokens and assertions.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[expect(clippy::disallowed_methods, reason = "a real server has the real time")]
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

pub(crate) fn unix_now() -> i64 {
    i64::try_from(since_epoch().as_secs()).unwrap_or(i64::MAX)
}

/// Returns the time after this duration in the management API's format.
pub(crate) fn timestamp_in(time: Duration) -> String {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + since_epoch() + time).to_string()
}

/// Waits for the first half of a second: a claim that lies whole seconds ahead then loses less than
/// half a second.
pub(crate) async fn early_in_a_second() {
    let millis = u64::from(since_epoch().subsec_millis());
    if millis > 400 {
        tokio::time::sleep(Duration::from_millis(1005 - millis)).await;
    }
}
