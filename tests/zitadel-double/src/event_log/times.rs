//! Times in ZITADEL's two encodings, and in requests.

use std::time::{Duration, UNIX_EPOCH};

/// Formats as RFC 3339 with zero, three or six fractional digits, like protobuf JSON.
pub(crate) fn of_protobuf(micros: i64) -> String {
    let text = with_micros(micros);
    match text.strip_suffix("000Z") {
        None => text,
        Some(millis) => match millis.strip_suffix(".000") {
            Some(seconds) => format!("{seconds}Z"),
            None => format!("{millis}Z"),
        },
    }
}

/// Formats as RFC 3339 with as many fractional digits as needed, like Go's JSON.
pub(crate) fn of_go(micros: i64) -> String {
    let text = with_micros(micros);
    format!("{}Z", text.trim_end_matches('Z').trim_end_matches('0').trim_end_matches('.'))
}

/// Parses a UTC time to nanoseconds since the Unix epoch.
pub(crate) fn parse(text: &str) -> Option<i128> {
    let time = humantime::parse_rfc3339(text).ok()?;
    let since_epoch = time.duration_since(UNIX_EPOCH).ok()?;
    i128::try_from(since_epoch.as_nanos()).ok()
}

fn with_micros(micros: i64) -> String {
    let since_epoch = Duration::from_micros(u64::try_from(micros).unwrap_or_default());
    humantime::format_rfc3339_micros(UNIX_EPOCH + since_epoch).to_string()
}

#[cfg(test)]
mod tests {
    use super::{of_go, of_protobuf, parse};

    #[test]
    fn fractions_have_the_digits_of_their_encoder() {
        for (micros, protobuf, go) in [
            (1_767_225_600_123_456, "2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00.123456Z"),
            (1_767_225_600_123_450, "2026-01-01T00:00:00.123450Z", "2026-01-01T00:00:00.12345Z"),
            (1_767_225_600_120_000, "2026-01-01T00:00:00.120Z", "2026-01-01T00:00:00.12Z"),
            (1_767_225_600_000_000, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
            (1_767_225_610_000_000, "2026-01-01T00:00:10Z", "2026-01-01T00:00:10Z"),
            (1_767_225_600_000_001, "2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.000001Z"),
        ] {
            assert_eq!(of_protobuf(micros), protobuf);
            assert_eq!(of_go(micros), go);
            assert_eq!(parse(protobuf), Some(i128::from(micros) * 1000));
            assert_eq!(parse(go), Some(i128::from(micros) * 1000));
        }
    }

    #[test]
    fn a_time_that_is_none_is_refused() {
        for text in ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-13-01T00:00:00Z"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
