//! Event of ZITADEL's log, with the few fields that the change feed needs.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// Time of an event by the clock of ZITADEL's database, in microseconds since 1970. It is never
/// compared with this machine's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EventTime(u64);

/// Identity of a ZITADEL event, ordered by time first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) time: EventTime,
    pub(super) aggregate_type: Box<str>,
    pub(super) aggregate_id: Box<str>,
    pub(super) sequence: u64,
    pub(super) event_type: Box<str>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) key: Key,
    pub(super) payload: Payload,
}

/// Payload fields that name the user, project, token or role that an event concerns. A field that
/// is absent, empty or not text is `None`.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Payload {
    pub(super) user: Option<Box<str>>,
    pub(super) project: Option<Box<str>>,
    pub(super) token: Option<Box<str>>,
    pub(super) key: Option<Box<str>>,
}

impl EventTime {
    #[cfg(test)]
    pub(super) const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Parses an RFC 3339 time in UTC; `None` if malformed, before 1970, or not in whole
    /// microseconds.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let time = humantime::parse_rfc3339(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
        let micros = u64::try_from(time.as_micros()).ok()?;
        (Duration::from_micros(micros) == time).then_some(Self(micros))
    }

    pub(super) fn before(self, back: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(back.as_micros()).unwrap_or(u64::MAX)))
    }

    pub(super) fn just_before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    fn to_system_time(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_micros(self.0)
    }
}

impl fmt::Display for EventTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", humantime::format_rfc3339_micros(self.to_system_time()))
    }
}

/// Shows only the key: the payload is personal data.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Event").field(&self.key).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_to_the_microsecond_and_written_back() {
        for (text, written) in [
            ("2026-11-26T01:56:40.662427Z", "2026-11-26T01:56:40.662427Z"),
            ("2026-11-26T01:56:40.66242Z", "2026-11-26T01:56:40.662420Z"),
            ("2026-11-26T01:56:40.6Z", "2026-11-26T01:56:40.600000Z"),
            ("2026-11-26T01:56:40Z", "2026-11-26T01:56:40.000000Z"),
            ("1970-01-01T00:00:00.000001Z", "1970-01-01T00:00:00.000001Z"),
            ("2024-02-29T23:59:59.999999Z", "2024-02-29T23:59:59.999999Z"),
            ("2026-11-26T01:56:40.662427000Z", "2026-11-26T01:56:40.662427Z"),
        ] {
            assert_eq!(EventTime::parse(text).unwrap().to_string(), written);
        }
    }

    #[test]
    fn a_time_that_is_not_exact_is_none() {
        for text in [
            "",
            "2026-11-26",
            "2026-11-26T01:56:40.662427",
            "2026-11-26T01:56:40.662427+01:00",
            "2026-11-26T01:56:40.6624271Z",
            "1969-12-31T23:59:59Z",
            "2026-02-30T00:00:00Z",
            "1732586200",
        ] {
            assert_eq!(EventTime::parse(text), None, "{text}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_a_payload() {
        let key = Key {
            time: EventTime(1),
            aggregate_type: "user".into(),
            aggregate_id: "1".into(),
            sequence: 1,
            event_type: "user.pat.removed".into(),
        };
        let payload = Payload { token: Some("secret".into()), ..Payload::default() };
        assert!(!format!("{:?}", Event { key, payload }).contains("secret"));
    }
}
