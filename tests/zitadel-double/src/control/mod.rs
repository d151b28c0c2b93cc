//! The control API, by which another process changes a running double.
//!
//! It has a loopback port of its own and never shares the instance's origin.

mod event_orders;
mod event_routes;
mod fault_order;
mod log_orders;
mod management_orders;
mod people_orders;
mod routes;
mod server_orders;
mod token_orders;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::server::AcceptorHandle;
use crate::shared::Shared;
use crate::world::WorldError;

#[derive(Clone)]
pub(crate) struct Controlled {
    pub(crate) shared: Arc<Shared>,
    pub(crate) acceptor: AcceptorHandle,
}

#[derive(Debug, thiserror::Error)]
enum ControlError {
    #[error("no such route; see the README of zitadel-double")]
    NoRoute,
    #[error("the body does not fit: {0}")]
    Body(#[from] serde_json::Error),
    #[error(transparent)]
    World(#[from] WorldError),
    #[error("the port is lost: {0}")]
    Port(#[from] io::Error),
    #[error("{0}")]
    Meaningless(&'static str),
}

/// Serves the control API on the given runtime; returns the address with the chosen port.
pub(crate) fn serve(
    address: SocketAddr,
    controlled: Controlled,
    runtime: &tokio::runtime::Handle,
) -> io::Result<SocketAddr> {
    if !address.ip().is_loopback() {
        let text = "the control API has no authentication: it listens on loopback only";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let bound = listener.local_addr()?;
    let _inside = runtime.enter();
    let listener = TcpListener::from_std(listener)?;
    runtime.spawn(async move {
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                let controlled = controlled.clone();
                let service = service_fn(move |request| respond(request, controlled.clone()));
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        }
    });
    Ok(bound)
}

async fn respond(
    request: Request<Incoming>,
    controlled: Controlled,
) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, 1024 * 1024).collect().await?.to_bytes();
    let outcome = routes::route(&head.method, head.uri.path(), &body, &controlled).await;
    let (status, answer) = match outcome {
        Ok(answer) => (StatusCode::OK, answer),
        Err(error) => (status(&error), json!({ "error": error.to_string() })),
    };
    Ok(as_json(status, &answer)?)
}

fn status(error: &ControlError) -> StatusCode {
    match error {
        ControlError::NoRoute => StatusCode::NOT_FOUND,
        ControlError::Port(_) => StatusCode::INTERNAL_SERVER_ERROR,
        ControlError::Body(_) | ControlError::World(_) | ControlError::Meaningless(_) => {
            StatusCode::BAD_REQUEST
        }
    }
}

fn as_json(status: StatusCode, value: &Value) -> http::Result<Response<Full<Bytes>>> {
    Response::builder()
        .status(status)
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(format!("{value}\n"))))
}
