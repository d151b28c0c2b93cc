//! Example of a complete API in one file: two routes, two roles, and state.
//!
//! ```sh
//! cargo run -p app --example messages
//! ```
//!
//! The API has the settings of `app`, in environment variables with its own prefix, such as
//! `MESSAGES_SERVER__LISTEN`. While nothing is configured, the API accepts the local tokens below.

use std::{
    collections::BTreeMap,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use app::{Authorized, Problem, Program, Routes, guarded};
use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use domain::{Policy, Role, Rule};
use serde::{Deserialize, Serialize};

#[derive(Debug)]
pub(crate) struct ReadMessages;

impl Rule for ReadMessages {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static("read:messages"));
}

#[derive(Debug)]
pub(crate) struct WriteMessages;

impl Rule for WriteMessages {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static("write:messages"));
}

/// Tokens that are accepted while no ZITADEL is configured.
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
) -> Result<Json<Message>, Problem> {
    let messages = messages.lock().unwrap_or_else(PoisonError::into_inner);
    messages.get(&id).cloned().map(Json).ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "no_such_message", format!("There is no message {id}."))
    })
}

async fn write(
    permit: Authorized<WriteMessages>,
    Path(id): Path<u64>,
    State(messages): State<Messages>,
    Json(NewMessage { text }): Json<NewMessage>,
) -> StatusCode {
    let author = permit.principal().subject().map(str::to_owned);
    let mut messages = messages.lock().unwrap_or_else(PoisonError::into_inner);
    messages.insert(id, Message { text, author });
    StatusCode::CREATED
}

/// Returns the two routes, each with its rule, and one message to begin with.
pub(crate) fn routes() -> Routes {
    let welcome = Message { text: "welcome".to_owned(), author: None };
    let messages = Messages::new(Mutex::new(BTreeMap::from([(1, welcome)])));
    Routes::default()
        .get("/api/messages/{id}", guarded(read))
        .post("/api/messages/{id}", guarded(write).sample_body(r#"{"text":"hello"}"#))
        .with_state(messages)
}

fn main() -> ExitCode {
    Program::new("messages").local_tokens(LOCAL_TOKENS).run(routes())
}
