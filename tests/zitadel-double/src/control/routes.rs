//! Routes of the control API.

use http::Method;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::people_orders::{GrantOrder, UserOrder, UserStateOrder};
use super::server_orders::{AppStateOrder, FaultsOrder, ListeningOrder, SecretOrder};
use super::token_orders::{AnswerOrder, PatOrder, TokenOrder, TokenRef};
use super::{ControlError, Controlled, event_routes};

pub(super) type Outcome = Result<Value, ControlError>;

pub(super) async fn route(
    method: &Method,
    path: &str,
    body: &[u8],
    controlled: &Controlled,
) -> Result<Value, ControlError> {
    let shared = &*controlled.shared;
    match (method.as_str(), path) {
        ("POST", "/users") => read::<UserOrder>(body)?.add(shared),
        ("POST", "/users/state") => read::<UserStateOrder>(body)?.set(shared),
        ("POST", "/grants") => read::<GrantOrder>(body)?.give(shared),
        ("DELETE", "/grants") => read::<GrantOrder>(body)?.take(shared),
        ("POST", "/pats") => read::<PatOrder>(body)?.issue(shared),
        ("POST", "/tokens") => read::<TokenOrder>(body)?.issue(shared),
        ("POST", "/refresh") => read::<TokenRef>(body)?.refresh(shared),
        ("POST", "/revoke") => read::<TokenRef>(body)?.revoke(shared),
        ("POST", "/answers") => Ok(read::<AnswerOrder>(body)?.set(shared)),
        ("POST", "/apps/secret") => read::<SecretOrder>(body)?.set(shared),
        ("POST", "/apps/state") => read::<AppStateOrder>(body)?.set(shared),
        ("POST", "/faults") => read::<FaultsOrder>(body)?.set(shared),
        ("DELETE", "/faults") => {
            shared.clear_faults();
            Ok(done())
        }
        ("POST", "/listening") => {
            let order: ListeningOrder = read(body)?;
            controlled.acceptor.order(order.mode.into()).await?;
            Ok(done())
        }
        ("GET", "/counts") => {
            let counts = shared.traffic.counts();
            Ok(json!({
                "introspections": counts.introspections,
                "discoveries": counts.discoveries,
                "connections": counts.connections,
                "event_calls": counts.event_calls,
                "event_type_calls": counts.event_type_calls,
                "management_calls": counts.management_calls,
            }))
        }
        ("DELETE", "/counts") => {
            shared.traffic.reset();
            Ok(done())
        }
        ("GET", "/violations") => Ok(texts(&shared.violations.list())),
        ("DELETE", "/violations") => Ok(texts(&shared.violations.take())),
        ("POST", path) => event_routes::route(path, body, controlled),
        _ => Err(ControlError::NoRoute),
    }
}

/// Returns the empty answer.
pub(super) fn done() -> Value {
    json!({ "done": true })
}

pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ControlError> {
    Ok(serde_json::from_slice(body)?)
}

fn texts(violations: &[crate::Violation]) -> Value {
    violations.iter().map(ToString::to_string).collect()
}
