//! JSON of ZITADEL's event API: request bodies, and the fields that are read from a response.
//!
//! A response without events is `{}`. Any other without events is refused: a proxy's page or
//! another version's error must never look like "nothing happened".

use serde::{Deserialize, Deserializer, Serialize, de::Error};
use serde_json::Value;

use super::event::{Event, EventTime, Key, Payload};

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Search<'a> {
    pub(super) limit: u32,
    pub(super) asc: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) range: Option<Range>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) aggregate_id: Option<&'a str>,
    pub(super) aggregate_types: Vec<&'a str>,
    pub(super) event_types: Vec<&'a str>,
}

/// Lower bound of an event search: the time after which events are requested.
#[derive(Debug, Serialize)]
pub(super) struct Range {
    since: String,
}

/// Error for a response of unknown form. The response's text is not repeated: an event's payload is
/// personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is not in the form of ZITADEL's event log")]
pub(super) struct NotUnderstood;

impl From<EventTime> for Range {
    fn from(since: EventTime) -> Self {
        Self { since: since.to_string() }
    }
}

pub(super) fn events(json: &[u8]) -> Result<Vec<Event>, NotUnderstood> {
    #[derive(Deserialize)]
    struct Answer {
        events: Vec<WireEvent>,
    }
    if is_empty_object(json)? {
        return Ok(Vec::new());
    }
    let Answer { events } = serde_json::from_slice(json).map_err(|_| NotUnderstood)?;
    if events.is_empty() {
        return Err(NotUnderstood);
    }
    Ok(events.into_iter().map(Event::from).collect())
}

/// Parses the event types that a server lists. An empty list is an error.
pub(super) fn event_types(json: &[u8]) -> Result<Vec<String>, NotUnderstood> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        event_types: Vec<Named>,
    }
    if is_empty_object(json)? {
        return Err(NotUnderstood);
    }
    let Answer { event_types } = serde_json::from_slice(json).map_err(|_| NotUnderstood)?;
    if event_types.is_empty() {
        return Err(NotUnderstood);
    }
    Ok(event_types.into_iter().map(|named| named.name).collect())
}

fn is_empty_object(json: &[u8]) -> Result<bool, NotUnderstood> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Empty {}
    // Without this check, serde reads `[]` as a struct without fields.
    if json.trim_ascii_start().first() != Some(&b'{') {
        return Err(NotUnderstood);
    }
    Ok(serde_json::from_slice::<Empty>(json).is_ok())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireEvent {
    aggregate: Aggregate,
    #[serde(deserialize_with = "sequence")]
    sequence: u64,
    #[serde(deserialize_with = "time")]
    creation_date: EventTime,
    #[serde(default, deserialize_with = "payload")]
    payload: Payload,
    r#type: Named,
}

#[derive(Deserialize)]
struct Aggregate {
    id: Box<str>,
    r#type: Named,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "type")]
    name: String,
}

impl From<WireEvent> for Event {
    fn from(event: WireEvent) -> Self {
        let key = Key {
            time: event.creation_date,
            aggregate_type: event.aggregate.r#type.name.into(),
            aggregate_id: event.aggregate.id,
            sequence: event.sequence,
            event_type: event.r#type.name.into(),
        };
        Self { key, payload: event.payload }
    }
}

/// Parses a 64-bit number, which the JSON of Protocol Buffers writes as a string.
fn sequence<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(|_| D::Error::custom("a sequence is no number"))
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EventTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    EventTime::parse(&text).ok_or_else(|| D::Error::custom("a time is none of a database"))
}

/// Parses an event's payload of any form. Fields that are not found are `None`.
fn payload<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Payload, D::Error> {
    let Value::Object(fields) = Value::deserialize(deserializer)? else {
        return Ok(Payload::default());
    };
    let text = |name: &str| {
        fields.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(Into::into)
    };
    Ok(Payload {
        user: text("userId").or_else(|| text("userID")),
        project: text("projectId"),
        token: text("tokenId"),
        key: text("key"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"editor":{"service":"zitadel"},"aggregate":{"id":"V2_1","type":{
        "type":"oidc_session","localized":{"key":"k"}},"resourceOwner":"2"},"sequence":"4",
        "creationDate":"2026-11-26T01:46:00.980353Z","payload":PAYLOAD,
        "type":{"type":"oidc_session.access_token.revoked","localized":{"key":"k"}}}"#;

    fn with(payload: &str) -> Payload {
        let json = format!(r#"{{"events":[{}]}}"#, EVENT.replace("PAYLOAD", payload));
        events(json.as_bytes()).unwrap().remove(0).payload
    }

    #[test]
    fn an_answer_without_events_is_an_empty_object_and_nothing_else() {
        assert!(events(b"{}").unwrap().is_empty());
        assert!(events(b" {\n} ").unwrap().is_empty());
        for other in [
            "",
            "null",
            "[]",
            "[[]]",
            "{",
            "{}{}",
            r#"{"events":[]}"#,
            r#"{"events":null}"#,
            r#"{"events":{}}"#,
            r#"{"Events":[]}"#,
            r#"{"details":{}}"#,
            r#"{"code":5,"message":"membership not found"}"#,
            r#"{"events":[{}]}"#,
            r#"{"events":[null]}"#,
        ] {
            assert_eq!(events(other.as_bytes()), Err(NotUnderstood), "{other}");
        }
    }

    #[test]
    fn an_event_that_lacks_a_part_of_its_identity_is_not_understood() {
        let whole = EVENT.replace("PAYLOAD", "{}");
        for (part, other) in [
            (r#""sequence":"4""#, r#""sequence":4"#),
            (r#""sequence":"4""#, r#""sequence":"-4""#),
            (r#""sequence":"4","#, ""),
            (r#""id":"V2_1","#, ""),
            ("01:46:00.980353Z", "01:46:00.980353"),
            (r#""type":"oidc_session","#, ""),
            (r#""type":"oidc_session.access_token.revoked","#, ""),
        ] {
            assert!(whole.contains(part), "{part}");
            let json = format!(r#"{{"events":[{}]}}"#, whole.replace(part, other));
            assert_eq!(events(json.as_bytes()), Err(NotUnderstood), "{part} {other}");
        }
    }

    #[test]
    fn a_payload_may_be_anything() {
        for nothing in ["null", "{}", "[]", "7", r#""userId""#, r#"{"userId":7}"#] {
            assert!(with(nothing) == Payload::default(), "{nothing}");
        }
        let some = with(r#"{"userID":"1","tokenId":"2","key":["3"],"projectId":""}"#);
        assert_eq!((some.user.as_deref(), some.token.as_deref()), (Some("1"), Some("2")));
        assert_eq!((some.key, some.project), (None, None));
    }

    #[test]
    fn types_are_read_by_name_and_there_is_at_least_one() {
        let json = br#"{"eventTypes":[{"type":"user.locked","localized":{}}]}"#;
        assert_eq!(event_types(json).unwrap(), ["user.locked"]);
        for other in ["{}", r#"{"eventTypes":[]}"#, "[]", r#"{"eventTypes":["user.locked"]}"#] {
            assert_eq!(event_types(other.as_bytes()), Err(NotUnderstood), "{other}");
        }
    }

    #[test]
    fn a_search_is_written_as_the_server_reads_it() {
        let since = EventTime::from_micros(1_500_000);
        let search = Search {
            limit: 1000,
            asc: true,
            range: Some(since.into()),
            aggregate_types: vec!["user"],
            event_types: vec!["user.locked"],
            ..Search::default()
        };
        assert_eq!(
            serde_json::to_string(&search).unwrap(),
            r#"{"limit":1000,"asc":true,"range":{"since":"1970-01-01T00:00:01.500000Z"},"#
                .to_owned()
                + r#""aggregateTypes":["user"],"eventTypes":["user.locked"]}"#
        );
    }
}
