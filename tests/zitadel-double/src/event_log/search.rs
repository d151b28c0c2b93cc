//! Search of the log: members, limits, found events.

use serde::Deserialize;
use serde_json::Value;

use super::event::Event;

use super::{MOST_OF_A_PAGE, times};
use crate::refusal::Refusal;
use crate::violation::{Violation, ViolationLog};

const MOST_EVENT_TYPES: usize = 30;
const MOST_AGGREGATE_TYPES: usize = 10;

/// Members that the double knows.
const KNOWN_MEMBERS: [&str; 6] =
    ["limit", "asc", "range", "aggregateTypes", "eventTypes", "aggregateId"];

/// Search as sent, with optional members.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Search {
    limit: u32,
    pub(super) asc: bool,
    range: Range,
    aggregate_types: Vec<String>,
    event_types: Vec<String>,
    aggregate_id: String,
}

/// Exclusive bounds in time.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Range {
    since: Option<Moment>,
    until: Option<Moment>,
}

/// Nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
struct Moment(i128);

impl TryFrom<String> for Moment {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        times::parse(&text).map(Self).ok_or("no time of RFC 3339 in UTC")
    }
}

impl Search {
    /// Parses a body. Unknown members are ignored but recorded as violations.
    pub(super) fn parse(body: &[u8], log: &ViolationLog) -> Result<Self, Refusal> {
        let malformed = |error: serde_json::Error| {
            log.add(Violation::SearchMalformed);
            Refusal::malformed(format!("proto: {error}"))
        };
        let members: Value = serde_json::from_slice(body).map_err(malformed)?;
        for name in members.as_object().into_iter().flat_map(serde_json::Map::keys) {
            if !KNOWN_MEMBERS.contains(&name.as_str()) {
                log.add(Violation::UnknownSearchMember(name.clone()));
            }
        }
        let search: Self = serde_json::from_value(members).map_err(malformed)?;
        if search.limit() < usize::try_from(search.limit).unwrap_or(usize::MAX) {
            log.add(Violation::SearchLimit(search.limit));
        }
        Ok(search)
    }

    pub(super) fn check(&self, log: &ViolationLog) -> Result<(), Refusal> {
        for (name, length, most) in [
            ("AggregateTypes", self.aggregate_types.len(), MOST_AGGREGATE_TYPES),
            ("EventTypes", self.event_types.len(), MOST_EVENT_TYPES),
        ] {
            if length > most {
                log.add(Violation::SearchTooLong(name.to_owned()));
                return Err(Refusal::malformed(format!(
                    "invalid ListEventsRequest.{name}: value must contain no more than {most} \
                     item(s)"
                )));
            }
        }
        Ok(())
    }

    /// Maximum number of events; 0 and numbers over 1 000 mean 1 000.
    pub(super) fn limit(&self) -> usize {
        match usize::try_from(self.limit) {
            Ok(limit @ 1..=MOST_OF_A_PAGE) => limit,
            _ => MOST_OF_A_PAGE,
        }
    }

    pub(super) fn finds(&self, event: &Event) -> bool {
        let created = i128::from(event.created) * 1000;
        let content = &event.content;
        self.range.since.is_none_or(|since| created > since.0)
            && self.range.until.is_none_or(|until| created < until.0)
            && one_of(&self.event_types, &content.event_type)
            && one_of(&self.aggregate_types, &content.aggregate_type)
            && (self.aggregate_id.is_empty() || self.aggregate_id == content.aggregate_id)
    }
}

/// True if the list has the value, or is empty.
fn one_of(list: &[String], name: &str) -> bool {
    list.is_empty() || list.iter().any(|known| known == name)
}
