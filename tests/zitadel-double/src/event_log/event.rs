//! Events as ordered, as stored, and as JSON.

use serde_json::{Map, Value, json};

use super::times;

/// Id of the user who set up the instance, author of administrator orders.
pub(crate) const SETUP_USER: &str = "340000000000000999";

/// Author of ZITADEL's own changes.
const SYSTEM: &str = "SYSTEM";

/// Id of the instance, owner of login sessions and its members.
pub(crate) const INSTANCE: &str = "340000000000000500";

/// An event to write.
#[derive(Clone, Debug, PartialEq)]
pub struct NewEvent {
    /// Kind of the changed thing: `usergrant`, for example.
    pub aggregate_type: String,
    /// Id of the changed thing.
    pub aggregate_id: String,
    /// Name of the change: `user.grant.removed`, for example.
    pub event_type: String,
    /// Details; `None` for an event without a payload.
    pub payload: Option<Value>,
    /// Id of the owning organization or instance.
    pub resource_owner: String,
}

impl NewEvent {
    /// Creates an event without a payload.
    #[must_use]
    pub fn new(
        aggregate_type: &str,
        aggregate_id: impl AsRef<str>,
        event_type: &str,
        resource_owner: impl AsRef<str>,
    ) -> Self {
        Self {
            aggregate_type: aggregate_type.to_owned(),
            aggregate_id: aggregate_id.as_ref().to_owned(),
            event_type: event_type.to_owned(),
            payload: None,
            resource_owner: resource_owner.as_ref().to_owned(),
        }
    }

    /// Sets the payload.
    #[must_use]
    pub fn with_payload(self, payload: Value) -> Self {
        Self { payload: Some(payload), ..self }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Editor {
    /// The administrator.
    Setup,
    /// ZITADEL itself, at a login.
    System,
    /// A request without a user, such as a refresh.
    Unnamed,
    /// Caller of the management API.
    Caller(Caller),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// Stored event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) content: NewEvent,
    pub(crate) editor: Editor,
    /// Number of the event in its aggregate, from 1.
    pub(crate) sequence: u64,
    /// Microseconds since the Unix epoch, by the database's clock.
    pub(crate) created: i64,
}

impl Editor {
    pub(crate) fn user_id(&self) -> Option<&str> {
        match self {
            Self::Setup => Some(SETUP_USER),
            Self::System => Some(SYSTEM),
            Self::Unnamed => None,
            Self::Caller(caller) => Some(&caller.id),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Setup => {
                json!({ "userId": SETUP_USER, "displayName": "setup", "service": "zitadel" })
            }
            Self::System => json!({ "userId": SYSTEM, "service": "zitadel" }),
            Self::Unnamed => json!({ "service": "zitadel" }),
            Self::Caller(Caller { id, name }) => {
                json!({ "userId": id, "displayName": name, "service": "zitadel" })
            }
        }
    }
}

impl Event {
    /// Returns the event as a page shows it, without empty members.
    pub(super) fn to_json(&self) -> Value {
        let NewEvent { aggregate_type, aggregate_id, event_type, payload, resource_owner } =
            &self.content;
        let mut event = Map::new();
        event.insert("editor".to_owned(), self.editor.to_json());
        event.insert(
            "aggregate".to_owned(),
            json!({
                "id": aggregate_id,
                "type": named("AggregateTypes", aggregate_type),
                "resourceOwner": resource_owner,
            }),
        );
        event.insert("sequence".to_owned(), self.sequence.to_string().into());
        event.insert("creationDate".to_owned(), times::of_protobuf(self.created).into());
        if let Some(payload) = payload {
            event.insert("payload".to_owned(), payload.clone());
        }
        event.insert("type".to_owned(), named("EventTypes", event_type));
        Value::Object(event)
    }
}

/// Returns a type and its localized name.
pub(super) fn named(group: &str, name: &str) -> Value {
    json!({
        "type": name,
        "localized": { "key": format!("{group}.{name}"), "localizedMessage": name },
    })
}
