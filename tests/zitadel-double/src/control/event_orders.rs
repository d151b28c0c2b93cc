//! Orders that write events or send their webhooks. A `user` is an id or a user name.

use std::time::Duration;

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::ControlError;
use crate::event_log::{Editor, NewEvent};
use crate::ids::{OrgId, UserId};
use crate::inactive_by_fault::TokenKind;
use crate::shared::Shared;
use crate::webhooks::Webhooks;
use crate::world::{World, WorldError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserRef {
    user: String,
}

impl UserRef {
    pub(super) fn find(&self, world: &World) -> Result<UserId, WorldError> {
        world.find_user(&self.user)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OrgRef {
    org: String,
}

impl OrgRef {
    pub(super) fn id(self) -> OrgId {
        OrgId::from(self.org)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RoleRef {
    pub(super) role: String,
    pub(super) org: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReaderOrder {
    user: String,
    may_read: bool,
}

impl ReaderOrder {
    pub(super) fn set(self, shared: &Shared) -> Result<(), ControlError> {
        let mut world = shared.world();
        let user = world.find_user(&self.user)?;
        Ok(world.set_event_reader(&user, self.may_read)?)
    }
}

/// One event, or `count` events in one write.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventOrder {
    aggregate_type: String,
    aggregate_id: String,
    event_type: String,
    /// `null` is a payload; an absent member means no payload.
    #[serde(default, deserialize_with = "present")]
    payload: Option<Value>,
    resource_owner: Option<String>,
    count: Option<usize>,
}

fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(value).map(Some)
}

impl EventOrder {
    pub(super) fn write(self, shared: &Shared) {
        let event = NewEvent {
            aggregate_type: self.aggregate_type,
            aggregate_id: self.aggregate_id,
            event_type: self.event_type,
            payload: self.payload,
            resource_owner: self.resource_owner.unwrap_or_else(|| shared.ids.org.to_string()),
        };
        match self.count {
            None => shared.world().log.write(Editor::Setup, [event]),
            Some(count) => shared.world().write_many(event, count),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InactiveOrder {
    kind: TokenKindName,
    inactive: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum TokenKindName {
    Session,
    Pat,
    All,
}

impl InactiveOrder {
    pub(super) fn set(self, shared: &Shared) {
        let kind = match self.kind {
            TokenKindName::Session => TokenKind::Session,
            TokenKindName::Pat => TokenKind::Pat,
            TokenKindName::All => TokenKind::All,
        };
        shared.inactive_by_fault.set(kind, self.inactive);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookOrder {
    url: String,
    event_types: Vec<String>,
}

impl WebhookOrder {
    pub(super) fn add(self, shared: &Shared) -> Value {
        json!({ "signing_key": shared.world().log.webhooks.add(&self.url, self.event_types) })
    }
}

#[derive(Deserialize)]
#[serde(tag = "fate", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum WebhooksOrder {
    Deliver,
    Lose,
    Late { milliseconds: u64 },
    Twice,
}

impl WebhooksOrder {
    pub(super) fn set(self, shared: &Shared) {
        shared.world().log.webhooks.fate = match self {
            Self::Deliver => Webhooks::Deliver,
            Self::Lose => Webhooks::Lose,
            Self::Late { milliseconds } => Webhooks::Late(Duration::from_millis(milliseconds)),
            Self::Twice => Webhooks::Twice,
        };
    }
}
