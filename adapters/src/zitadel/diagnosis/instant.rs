//! Point in time, written for people.

use std::time::{Duration, SystemTime};

/// NumericDate (RFC 7519 §2) that the calendar of RFC 3339 can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Instant(SystemTime);

impl Instant {
    /// Last second of the year 9999, which ZITADEL uses for "never".
    const LAST: u64 = 253_402_300_799;

    pub(super) fn from_seconds(seconds: u64) -> Self {
        Self(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(Self::LAST)))
    }

    pub(super) fn has_come(self, now: SystemTime) -> bool {
        now >= self.0
    }

    /// Returns the time with its distance from `now`.
    pub(super) fn describe(self, now: SystemTime) -> String {
        let distance = |distance: Duration| {
            humantime::format_duration(Duration::from_secs(distance.as_secs())).to_string()
        };
        let time = humantime::format_rfc3339_seconds(self.0);
        match now.duration_since(self.0) {
            Ok(past) => format!("{time}, {} ago", distance(past)),
            Err(ahead) => format!("{time}, in {}", distance(ahead.duration())),
        }
    }
}
