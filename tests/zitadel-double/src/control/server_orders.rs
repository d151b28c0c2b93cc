//! Orders about applications, faults and the port.

use serde::Deserialize;

use super::ControlError;
use super::fault_order::FaultOrder;
use super::routes::{Outcome, done};
use crate::fault::{DiscoveryFault, Times};
use crate::ids::ClientId;
use crate::server::Listening;
use crate::shared::Shared;
use crate::world::AppState;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretOrder {
    client_id: Option<String>,
    secret: String,
}

impl SecretOrder {
    pub(super) fn set(self, shared: &Shared) -> Outcome {
        let client = client(self.client_id, shared);
        shared.world().set_secret(&client, &self.secret)?;
        Ok(done())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppStateOrder {
    client_id: Option<String>,
    state: AppStateName,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum AppStateName {
    Active,
    Deactivated,
}

impl AppStateOrder {
    pub(super) fn set(self, shared: &Shared) -> Outcome {
        let client = client(self.client_id, shared);
        let state = match self.state {
            AppStateName::Active => AppState::Active,
            AppStateName::Deactivated => AppState::Deactivated,
        };
        shared.world().set_app_state(&client, state)?;
        Ok(done())
    }
}

fn client(named: Option<String>, shared: &Shared) -> ClientId {
    named.map_or_else(|| shared.ids.basic_client.clone(), ClientId::from)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultsOrder {
    on: EndpointName,
    fault: FaultOrder,
    times: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum EndpointName {
    Introspection,
    Discovery,
    EventLog,
}

impl FaultsOrder {
    pub(super) fn set(self, shared: &Shared) -> Outcome {
        let times = self.times.map_or(Times::UntilCleared, Times::Next);
        match (self.on, self.fault.into()) {
            (EndpointName::Discovery, fault) => shared.discovery_faults.push(fault, times),
            (EndpointName::Introspection, DiscoveryFault::Any(fault)) => {
                shared.introspection_faults.push(fault, times);
            }
            (EndpointName::EventLog, DiscoveryFault::Any(fault)) => {
                shared.event_log_faults.push(fault.into(), times);
            }
            _ => {
                return Err(ControlError::Meaningless("only discovery can have this fault"));
            }
        }
        Ok(done())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListeningOrder {
    pub(super) mode: ListeningName,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ListeningName {
    Accepting,
    Refusing,
    Silent,
}

impl From<ListeningName> for Listening {
    fn from(name: ListeningName) -> Self {
        match name {
            ListeningName::Accepting => Self::Accepting,
            ListeningName::Refusing => Self::Refusing,
            ListeningName::Silent => Self::Silent,
        }
    }
}
