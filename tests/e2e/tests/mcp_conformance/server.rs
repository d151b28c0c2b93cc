//! An MCP server for all scenarios, with its responses in `answers.json`.

use std::{fmt, time::Duration};

use rmcp::{
    RoleServer, ServerHandler,
    model::{
        CallToolRequestParams, CallToolResponse, CallToolResult, CompleteRequestParams,
        CompleteResult, ErrorData, GetPromptRequestParams, GetPromptResponse, GetPromptResult,
        ListPromptsResult, ListResourcesResult, ListToolsResult, PaginatedRequestParams,
        ReadResourceRequestParams, ReadResourceResponse, ReadResourceResult, ServerConfig,
        SubscribeRequestParams, UnsubscribeRequestParams,
    },
    service::{Peer, RequestContext},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

#[expect(deprecated, reason = "a scenario sets the level of the log")]
use rmcp::model::SetLevelRequestParams;

type Context = RequestContext<RoleServer>;

/// Server. Without sessions it cannot call the client, and reports that at once.
#[derive(Clone, Copy)]
pub(crate) struct Server {
    pub(crate) sessions: bool,
}

/// Returns the response to a method, or to a name within it.
fn answer<T: DeserializeOwned>(method: &str, name: Option<&str>) -> Result<T, ErrorData> {
    let mut answers: Value = serde_json::from_str(include_str!("answers.json")).unwrap();
    let answer = name.into_iter().fold(&mut answers[method], |all, name| &mut all[name]).take();
    typed(answer).map_err(|error| ErrorData::invalid_params(format!("{name:?}: {error:?}"), None))
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, ErrorData> {
    serde_json::from_value(value).map_err(failed)
}

fn failed(error: impl fmt::Display) -> ErrorData {
    ErrorData::internal_error(error.to_string(), None)
}

/// Separates two notifications into two chunks of the response.
async fn pause() {
    tokio::time::sleep(Duration::from_millis(20)).await;
}

impl Server {
    #[expect(deprecated, reason = "a scenario asks the client's model")]
    async fn ask(self, peer: &Peer<RoleServer>, tool: &str) -> Result<(), ErrorData> {
        let asks = tool == "test_sampling" || tool.starts_with("test_elicitation");
        if asks && !self.sessions {
            return Err(failed("without a session there is no client to ask"));
        }
        if tool == "test_sampling" {
            let question = answer("sampling/createMessage", Some(tool))?;
            peer.create_message(question).await.map_err(failed)?;
        } else if asks {
            let question = answer("elicitation/create", Some(tool))?;
            peer.create_elicitation(question).await.map_err(failed)?;
        }
        Ok(())
    }
}

#[expect(deprecated, reason = "a scenario reads the log")]
async fn log(peer: &Peer<RoleServer>) -> Result<(), ErrorData> {
    for line in ["started", "at work", "done"] {
        let line = typed(json!({ "level": "info", "data": line }))?;
        peer.notify_logging_message(line).await.map_err(failed)?;
        pause().await;
    }
    Ok(())
}

async fn report_progress(context: &Context) -> Result<(), ErrorData> {
    let token = context.meta.get_progress_token();
    for progress in [0, 50, 100] {
        let progress = json!({ "progressToken": token, "progress": progress, "total": 100 });
        context.peer.notify_progress(typed(progress)?).await.map_err(failed)?;
        pause().await;
    }
    Ok(())
}

#[expect(deprecated, reason = "scenarios subscribe, and set the level of the log")]
impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        answer("initialize", None).unwrap()
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListToolsResult, ErrorData> {
        answer("tools/list", None)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: Context,
    ) -> Result<CallToolResponse, ErrorData> {
        match &*request.name {
            "test_tool_with_logging" => log(&context.peer).await?,
            "test_tool_with_progress" => report_progress(&context).await?,
            tool => self.ask(&context.peer, tool).await?,
        }
        answer::<CallToolResult>("tools/call", Some(&request.name)).map(Into::into)
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListPromptsResult, ErrorData> {
        answer("prompts/list", None)
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: Context,
    ) -> Result<GetPromptResponse, ErrorData> {
        answer::<GetPromptResult>("prompts/get", Some(&request.name)).map(Into::into)
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: Context,
    ) -> Result<ListResourcesResult, ErrorData> {
        answer("resources/list", None)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: Context,
    ) -> Result<ReadResourceResponse, ErrorData> {
        answer::<ReadResourceResult>("resources/read", Some(&request.uri)).map(Into::into)
    }

    async fn subscribe(&self, _: SubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn unsubscribe(&self, _: UnsubscribeRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn set_level(&self, _: SetLevelRequestParams, _: Context) -> Result<(), ErrorData> {
        Ok(())
    }

    async fn complete(
        &self,
        _: CompleteRequestParams,
        _: Context,
    ) -> Result<CompleteResult, ErrorData> {
        answer("completion/complete", None)
    }
}
