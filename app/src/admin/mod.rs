//! The listener for operators: `/metrics`, `/livez` and `/readyz`, never on the API's own port.

mod health;

use std::{io, net::SocketAddr, num::NonZeroUsize, sync::Arc};

use axum::{
    Json, Router,
    extract::State,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
    routing::get,
};
use domain::TokenIntrospector;
use serde_json::json;
use tokio::{net::TcpListener, task::JoinSet};

pub(crate) use health::Health;

use crate::{config, metrics::Metrics, serve::serve_aside};

/// Maximum number of connections to the operators' listener.
const CONNECTIONS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(99);

/// Running listener for operators. Dropping this value stops it.
#[derive(Debug)]
pub(crate) struct AdminListener {
    pub(crate) local_address: SocketAddr,
    _tasks: JoinSet<()>,
}

#[derive(Clone)]
struct Operators {
    metrics: Metrics,
    health: Arc<Health>,
}

/// Serves `/metrics`, `/livez` and `/readyz` until the result is dropped.
///
/// # Errors
/// When the address cannot be listened on.
pub(crate) async fn serve(
    address: SocketAddr,
    metrics: Metrics,
    health: Health,
    introspector: Arc<dyn TokenIntrospector>,
    server: &config::Server,
) -> io::Result<AdminListener> {
    let listener = TcpListener::bind(address).await?;
    let local_address = listener.local_addr()?;
    let health = Arc::new(health);
    let mut tasks = JoinSet::new();
    tasks.spawn(metrics.clone().upkeep());
    let readiness = Arc::clone(&health);
    tasks.spawn(async move { readiness.become_ready(&*introspector).await });
    let recorder = metrics.clone();
    let router = router(Operators { metrics, health });
    tasks.spawn(
        recorder.scope(|| serve_aside(listener, ("operators", CONNECTIONS), router, server)),
    );
    Ok(AdminListener { local_address, _tasks: tasks })
}

#[expect(clippy::disallowed_methods, reason = "these are no routes of the API")]
fn router(operators: Operators) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(async || Json(json!({ "status": "alive" }))))
        .route("/readyz", get(async |State(operators): State<Operators>| operators.health.answer()))
        .with_state(operators)
}

async fn metrics(State(operators): State<Operators>) -> Response {
    let headers = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    (headers, operators.metrics.render()).into_response()
}
