//! The doorbell: a listener for a webhook that ZITADEL's Actions call after a change. A delivery
//! has one effect: the event log is read at once, not only at the next poll.
//!
//! ZITADEL sends each delivery once, late or never. Its content is not used: a delivery that is
//! forged, replayed, late or lost can neither hide a change nor invent one.

mod keys;
mod refusals;

use std::{io, net::SocketAddr, num::NonZeroUsize, sync::Arc, time::Duration};

use adapters::zitadel::SIGNATURE_HEADER;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequest, Request, State},
    http::{HeaderValue, Method, StatusCode, header::ALLOW},
    response::{IntoResponse, Response},
};
use domain::Clock;
use metrics::{Counter, counter};
use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
    time::sleep,
};

use crate::{
    config::{self, Webhook},
    serve::{listen_on, serve_aside},
};
use keys::Keys;
use refusals::Refusals;

/// Callback that starts a read of ZITADEL's event log at once.
pub(crate) type Ring = Arc<dyn Fn() + Send + Sync>;

/// Maximum number of connections to the webhook's listener.
pub(crate) const CONNECTIONS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(31);

/// Maximum size of the body of a request to the webhook, in bytes.
const MAX_BODY: usize = 64 * 1024;

/// Maximum number of request bodies that the webhook reads at once, to limit memory; further
/// requests get 503.
const MAX_READ: usize = 64;

/// Minimum time between two calls of [`Ring`]. Deliveries within this time cause one call at its
/// end.
const BETWEEN_RINGS: Duration = Duration::from_millis(100);

/// Running listener for the webhook. Dropping this value stops it.
#[derive(Debug)]
pub(crate) struct Doorbell {
    pub(crate) local_address: SocketAddr,
    _tasks: JoinSet<()>,
}

/// State shared by all requests to the webhook.
struct Door {
    path: String,
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    refusals: Refusals,
    bell: Arc<Notify>,
    /// Semaphore that limits the number of request bodies read at once to `MAX_READ`.
    places: Semaphore,
    rung: Counter,
    refused: Counter,
}

/// Serves the webhook. Registers its metrics with the current metrics recorder.
///
/// # Errors
/// When the address cannot be listened on.
pub(crate) fn serve(
    webhook: Webhook,
    ring: Ring,
    clock: Arc<dyn Clock>,
    server: &config::Server,
) -> io::Result<Doorbell> {
    let listener = listen_on(webhook.listen)?;
    let local_address = listener.local_addr()?;
    let door = Door::new(webhook, clock);
    let mut tasks = JoinSet::new();
    tasks.spawn(Arc::clone(&door.keys).follow());
    tasks.spawn(ring_for_each(Arc::clone(&door.bell), ring));
    tasks.spawn(serve_aside(listener, ("webhook", CONNECTIONS), router(door), server));
    Ok(Doorbell { local_address, _tasks: tasks })
}

/// Calls `ring` after valid deliveries to the webhook, each of which notifies `bell`. All
/// deliveries since the last call cause one call. Never returns.
async fn ring_for_each(bell: Arc<Notify>, ring: Ring) {
    loop {
        bell.notified().await;
        ring();
        sleep(BETWEEN_RINGS).await;
    }
}

fn router(door: Door) -> Router {
    Router::new().fallback(answer).layer(DefaultBodyLimit::max(MAX_BODY)).with_state(Arc::new(door))
}

async fn answer(State(door): State<Arc<Door>>, request: Request) -> Response {
    if request.uri().path() != door.path {
        return StatusCode::NOT_FOUND.into_response();
    }
    if request.method() != Method::POST {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST")]).into_response();
    }
    let Ok(_place) = door.places.try_acquire() else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let headers = request.headers().clone();
    let body = match Bytes::from_request(request, &()).await {
        Ok(body) => body,
        // An unauthenticated caller gets only the status, not the rejection's message.
        Err(rejection) => {
            door.refused.increment(1);
            return rejection.status().into_response();
        }
    };
    let signatures = headers.get_all(SIGNATURE_HEADER).iter().map(HeaderValue::as_bytes);
    match door.keys.current().verify(signatures, &body, door.clock.now()) {
        Ok(()) => {
            door.rung.increment(1);
            door.bell.notify_one();
            StatusCode::NO_CONTENT.into_response()
        }
        Err(reason) => {
            door.refused.increment(1);
            door.refusals.note(reason);
            StatusCode::UNAUTHORIZED.into_response()
        }
    }
}

impl Door {
    fn new(webhook: Webhook, clock: Arc<dyn Clock>) -> Self {
        let deliveries = |result| counter!("webhook_deliveries_total", "result" => result);
        Self {
            path: webhook.path,
            keys: Arc::new(Keys::new(webhook.key_file, webhook.keys)),
            clock,
            refusals: Refusals::default(),
            bell: Arc::default(),
            places: Semaphore::new(MAX_READ),
            rung: deliveries("rung"),
            refused: deliveries("refused"),
        }
    }
}

#[cfg(test)]
mod tests;
