//! An API of your own in one file: two routes, two roles, some state.
//!
//! ```sh
//! cargo run -p app --example messages
//! ```
//!
//! It reads the same configuration as the app itself, and answers from the local tokens below
//! when nothing is configured.

use std::{
    collections::BTreeMap,
    error::Error,
    sync::{Arc, Mutex, PoisonError},
};

use app::{Authorized, Banner, Config, LocalTokens, Routes, guarded, start, telemetry};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use domain::{Policy, Role, Rule};
use serde::{Deserialize, Serialize};

/// Whoever may read messages.
#[derive(Debug)]
pub(crate) struct ReadMessages;

impl Rule for ReadMessages {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static("read:messages"));
}

/// Whoever may write messages.
#[derive(Debug)]
pub(crate) struct WriteMessages;

impl Rule for WriteMessages {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static("write:messages"));
}

/// Tokens to try it with, for as long as no ZITADEL is configured.
pub(crate) const LOCAL_TOKENS: &str = r#"
[[token]]
token = "dev-reader"
about = "may read"
subject = "ada"
roles = { "read:messages" = ["local"] }

[[token]]
token = "dev-writer"
about = "may read and write"
subject = "grace"
roles = { "read:messages" = ["local"], "write:messages" = ["local"] }
"#;

type Messages = Arc<Mutex<BTreeMap<u64, Message>>>;

#[derive(Clone, Serialize)]
struct Message {
    text: String,
    author: Option<String>,
}

#[derive(Deserialize)]
struct NewMessage {
    text: String,
}

async fn read(
    _: Authorized<ReadMessages>,
    Path(id): Path<u64>,
    State(messages): State<Messages>,
) -> Result<Json<Message>, StatusCode> {
    let messages = messages.lock().unwrap_or_else(PoisonError::into_inner);
    messages.get(&id).cloned().map(Json).ok_or(StatusCode::NOT_FOUND)
}

async fn write(
    permit: Authorized<WriteMessages>,
    Path(id): Path<u64>,
    State(messages): State<Messages>,
    Json(NewMessage { text }): Json<NewMessage>,
) -> StatusCode {
    let author = permit.principal().subject.as_ref().map(ToString::to_string);
    let mut messages = messages.lock().unwrap_or_else(PoisonError::into_inner);
    messages.insert(id, Message { text, author });
    StatusCode::CREATED
}

/// The route table.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .get("/api/messages/{id}", guarded(read))
        .post("/api/messages/{id}", guarded(write))
        .with_state(Messages::default())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let config = Config::load()?.with_local_tokens(LocalTokens::parse(LOCAL_TOKENS)?);
    let telemetry = telemetry::init(&config)?;
    let routes = routes();
    let banner = Banner::new(&config, routes.table());
    let running = start(config, routes).await?;
    telemetry.print(&format!("{}\n", banner.text(running.local_address())));
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    telemetry.send_the_last_traces().await;
    Ok(())
}
