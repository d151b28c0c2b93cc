//! Example of an MCP server behind ZITADEL: two tools, each with its own role. `docs/mcp.md`
//! describes the setup.
//!
//! ```sh
//! cargo run -p axum-zitadel --example mcp
//! ```

use std::{convert::Infallible, process::ExitCode, sync::Arc};

use app::{Config, Program, Routes, require};
use axum::http::request::Parts;
use axum_zitadel::{
    ServicePermit,
    domain::{Policy, Role, Rule, rules::ReadMessages},
};
use rmcp::{
    ErrorData,
    handler::server::{tool::Extension, wrapper::Parameters},
    model::{CallToolResult, ContentBlock},
    schemars, tool, tool_router,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
    },
};

/// Callers who may delete messages.
struct DeleteMessages;

impl Rule for DeleteMessages {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static("delete:messages"));
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Message {
    id: u64,
}

struct Tools;

#[tool_router(server_handler)]
impl Tools {
    #[tool(description = "Reads a message")]
    async fn read_message(
        &self,
        Parameters(Message { id }): Parameters<Message>,
        Extension(request): Extension<Parts>,
    ) -> Result<CallToolResult, ErrorData> {
        permitted::<ReadMessages>(&request, async { format!("message {id}: welcome") }).await
    }

    #[tool(description = "Deletes a message")]
    async fn delete_message(
        &self,
        Parameters(Message { id }): Parameters<Message>,
        Extension(request): Extension<Parts>,
    ) -> Result<CallToolResult, ErrorData> {
        permitted::<DeleteMessages>(&request, async { format!("message {id} is deleted") }).await
    }
}

/// Does the `work` of a tool if the caller meets rule `R`, and stops the work when the permit
/// (proof of authorization) ends.
async fn permitted<R: Rule>(
    request: &Parts,
    work: impl Future<Output = String>,
) -> Result<CallToolResult, ErrorData> {
    let permit = request.extensions.get::<ServicePermit>();
    let permit = permit.ok_or_else(|| ErrorData::internal_error("there is no guard", None))?;
    let permit = match permit.require::<R>().await {
        Ok(permit) => permit,
        Err(denied) => {
            return Ok(CallToolResult::error(vec![ContentBlock::text(denied.to_string())]));
        }
    };
    tokio::select! {
        done = work => Ok(CallToolResult::success(vec![ContentBlock::text(done)])),
        ended = permit.ended() => Err(ErrorData::internal_error(ended.to_string(), None)),
    }
}

async fn routes(config: &Config) -> Result<Routes, Infallible> {
    let mut settings = StreamableHttpServerConfig::default().with_legacy_session_mode(false);
    if let Some(resource) = &config.resource {
        settings = settings
            .with_allowed_hosts([resource.authority()])
            .with_allowed_origins(config.page_origins())
            .enforce_origin_validation();
    }
    let server = StreamableHttpService::new(
        || Ok(Tools),
        Arc::new(NeverSessionManager::default()),
        settings,
    );
    let server = require::<ReadMessages>(server).with::<(ReadMessages, DeleteMessages)>();
    Ok(Routes::default().service("/mcp", server))
}

fn main() -> ExitCode {
    Program::new("app").run_with(routes)
}
