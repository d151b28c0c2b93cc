//! Event webhooks (Actions V2), sent once without retries.

mod delivery;
mod executions;
mod signature;

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

pub(crate) use delivery::deliver;
pub(crate) use executions::{ActionTarget, Condition, Executions};

use crate::clock::{micros, unix_micros};
use crate::event_log::{Event, INSTANCE, of_go};
use crate::random;

/// Timeout of targets added by tests.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Behaviour of coming deliveries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Webhooks {
    /// Each is sent once, immediately.
    #[default]
    Deliver,
    /// None is sent.
    Lose,
    /// Each is sent after this delay.
    Late(Duration),
    /// Each is sent twice.
    Twice,
}

/// Targets, and the queue of the delivery task.
pub(crate) struct Targets {
    all: Vec<Target>,
    pub(crate) executions: Executions,
    pub(crate) fate: Webhooks,
    queue: UnboundedSender<Job>,
    /// Receiver, until the delivery task takes it.
    jobs: Option<UnboundedReceiver<Job>>,
}

struct Target {
    url: String,
    signing_key: String,
    event_types: Vec<String>,
}

/// Delivery, with the target's settings at the event's time.
pub(crate) struct Job {
    url: String,
    signing_key: String,
    body: Vec<u8>,
    timeout: Duration,
    /// Due time in microseconds since the Unix epoch.
    due: i64,
    times: usize,
}

/// Body of a delivery, with ZITADEL's names and order of members.
#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "aggregateID")]
    aggregate_id: &'a str,
    #[serde(rename = "aggregateType")]
    aggregate_type: &'a str,
    #[serde(rename = "resourceOwner")]
    resource_owner: &'a str,
    #[serde(rename = "instanceID")]
    instance_id: &'a str,
    version: &'a str,
    sequence: u64,
    event_type: &'a str,
    created_at: String,
    #[serde(rename = "userID")]
    user_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_payload: Option<&'a Value>,
}

impl Targets {
    pub(crate) fn none() -> Self {
        let (queue, jobs) = unbounded_channel();
        Self {
            all: Vec::new(),
            executions: Executions::default(),
            fate: Webhooks::Deliver,
            queue,
            jobs: Some(jobs),
        }
    }

    /// Adds a target for these event types; returns its signing key.
    pub(crate) fn add(&mut self, url: &str, event_types: Vec<String>) -> String {
        let signing_key = random::signing_key();
        let (url, key) = (url.to_owned(), signing_key.clone());
        self.all.push(Target { url, signing_key: key, event_types });
        signing_key
    }

    /// Takes the queue of deliveries; `None` the second time.
    pub(crate) fn take_jobs(&mut self) -> Option<UnboundedReceiver<Job>> {
        self.jobs.take()
    }

    /// Queues the deliveries of a written event.
    pub(crate) fn announce(&self, event: &Event) {
        let (delay, times) = match self.fate {
            Webhooks::Deliver => (Duration::ZERO, 1),
            Webhooks::Lose => return,
            Webhooks::Late(delay) => (delay, 1),
            Webhooks::Twice => (Duration::ZERO, 2),
        };
        let due = unix_micros().saturating_add(micros(delay));
        let event_type = &event.content.event_type;
        let named = self.all.iter().filter(|one| one.event_types.contains(event_type));
        let named = named.map(|one| (&one.url, &one.signing_key, TIMEOUT));
        let configured = self.executions.called(event_type).into_iter();
        let configured = configured.map(|one| (&one.endpoint, &one.signing_key, one.timeout));
        for (url, signing_key, timeout) in named.chain(configured) {
            let (url, signing_key, body) = (url.clone(), signing_key.clone(), body(event));
            // Fails while the double stops, which loses deliveries anyway.
            let _ = self.queue.send(Job { url, signing_key, body, timeout, due, times });
        }
    }
}

fn body(event: &Event) -> Vec<u8> {
    let content = &event.content;
    let body = Body {
        aggregate_id: &content.aggregate_id,
        aggregate_type: &content.aggregate_type,
        resource_owner: &content.resource_owner,
        instance_id: INSTANCE,
        version: "v1",
        sequence: event.sequence,
        event_type: &content.event_type,
        created_at: of_go(event.created),
        user_id: event.editor.user_id().unwrap_or_default(),
        event_payload: content.payload.as_ref(),
    };
    // Cannot fail: strings, numbers and JSON.
    serde_json::to_vec(&body).unwrap_or_default()
}
