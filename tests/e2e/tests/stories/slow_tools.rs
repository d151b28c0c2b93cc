//! An MCP server whose tool works until released, and its client.

use std::{sync::Arc, time::Duration};

use app::{Routes, ServicePermit, require};
use domain::{Policy, Role, Rule, rules::ReadMessages};
use http::request::Parts;
use reqwest::{Client, RequestBuilder, Response};
use rmcp::{
    ErrorData,
    handler::server::tool::Extension,
    model::{CallToolResult, ContentBlock},
    tool, tool_router,
    transport::streamable_http_server::{
        StreamableHttpServerConfig, StreamableHttpService,
        session::{local::LocalSessionManager, never::NeverSessionManager},
    },
};
use serde_json::{Value, json};
use tests::{Api, routes};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout},
};

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Time between keep-alive messages of a stream.
const KEEP_ALIVE: Duration = Duration::from_millis(100);
const SESSION: &str = "mcp-session-id";

/// Role required by the tool's rule.
pub(crate) const WAIT: &str = "wait:tools";

struct Wait;

impl Rule for Wait {
    const POLICY: &'static Policy = &Policy::Role(Role::from_static(WAIT));
}

/// Mode of the MCP server: without or with sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Stateless,
    Sessions,
}

/// Work of all calls of the tool.
pub(crate) struct Work {
    under_way: watch::Sender<usize>,
    release: watch::Sender<bool>,
    stopped: mpsc::UnboundedSender<&'static str>,
}

/// Reasons for which calls stopped before their work was done.
pub(crate) type StopReasons = mpsc::UnboundedReceiver<&'static str>;

struct UnderWay(Arc<Work>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.under_way.send_modify(|calls| *calls -= 1);
    }
}

impl Work {
    pub(crate) fn new() -> (Arc<Self>, StopReasons) {
        let (stopped, reasons) = mpsc::unbounded_channel();
        let (under_way, _) = watch::channel(0);
        let (release, _) = watch::channel(false);
        (Arc::new(Self { under_way, release, stopped }), reasons)
    }

    /// Waits until that many calls are at work.
    pub(crate) async fn is_of(&self, calls: usize) {
        let mut under_way = self.under_way.subscribe();
        let reached = timeout(PATIENCE, under_way.wait_for(|under_way| *under_way == calls)).await;
        assert!(reached.is_ok(), "{} calls are at work, not {calls}", *self.under_way.borrow());
    }

    /// Lets every call finish.
    pub(crate) fn release(&self) {
        self.release.send_replace(true);
    }

    /// Returns the test routes, with the MCP server at `/mcp`.
    pub(crate) fn routes(self: &Arc<Self>, mode: Mode) -> Routes {
        let tools = Tools(Arc::clone(self));
        let tools = move || Ok(tools.clone());
        let settings = StreamableHttpServerConfig::default()
            .with_sse_keep_alive(Some(KEEP_ALIVE))
            .with_legacy_session_mode(mode == Mode::Sessions);
        match mode {
            Mode::Stateless => {
                let sessions = Arc::new(NeverSessionManager::default());
                let server = StreamableHttpService::new(tools, sessions, settings);
                routes().service("/mcp", require::<ReadMessages>(server).with::<(Wait,)>())
            }
            Mode::Sessions => {
                let sessions = Arc::new(LocalSessionManager::default());
                let server = StreamableHttpService::new(tools, sessions, settings);
                routes().service("/mcp", require::<ReadMessages>(server).with::<(Wait,)>())
            }
        }
    }
}

#[derive(Clone)]
struct Tools(Arc<Work>);

#[tool_router(server_handler)]
impl Tools {
    #[tool(description = "Works until it is released")]
    async fn wait(
        &self,
        Extension(request): Extension<Parts>,
    ) -> Result<CallToolResult, ErrorData> {
        let permit = request.extensions.get::<ServicePermit>().expect("a guard");
        let permit = match permit.require::<Wait>().await {
            Ok(permit) => permit,
            Err(denied) => {
                return Ok(CallToolResult::error(vec![ContentBlock::text(denied.to_string())]));
            }
        };
        self.0.under_way.send_modify(|calls| *calls += 1);
        let _under_way = UnderWay(Arc::clone(&self.0));
        let mut release = self.0.release.subscribe();
        tokio::select! {
            _ = release.wait_for(|released| *released) => {
                Ok(CallToolResult::success(vec![ContentBlock::text("done")]))
            }
            ended = permit.ended() => {
                let _ = self.0.stopped.send(ended.as_str());
                Err(ErrorData::internal_error(ended.to_string(), None))
            }
        }
    }
}

/// MCP client.
#[derive(Clone)]
pub(crate) struct Caller {
    client: Client,
    url: String,
    token: String,
    session: Option<String>,
}

impl Caller {
    /// Creates a client, which begins a session if the server has them.
    pub(crate) async fn new(api: &Api, mode: Mode, token: &str) -> Self {
        let (client, url) = (api.client().clone(), api.url("/mcp"));
        let mut caller = Self { client, url, token: token.to_owned(), session: None };
        if mode == Mode::Sessions {
            caller.begin_session().await;
        }
        caller
    }

    async fn begin_session(&mut self) {
        let initialize = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
                "protocolVersion": "2025-06-18", "capabilities": {},
                "clientInfo": { "name": "a test", "version": "1" },
            },
        });
        let answer = self.post(&initialize).await;
        self.session = Some(answer.headers()[SESSION].to_str().unwrap().to_owned());
        assert!(timeout(PATIENCE, answer.text()).await.unwrap().unwrap().contains("serverInfo"));
        let notification = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(self.post(&notification).await.status(), 202);
    }

    /// Returns the client with another token.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: token.to_owned(), ..self.clone() }
    }

    async fn send(&self, request: RequestBuilder) -> Response {
        let mut request = request
            .bearer_auth(&self.token)
            .header("accept", "application/json, text/event-stream")
            .header("mcp-protocol-version", "2025-06-18");
        if let Some(session) = &self.session {
            request = request.header(SESSION, session);
        }
        timeout(PATIENCE, request.send()).await.expect("an answer in time").unwrap()
    }

    async fn post(&self, message: &Value) -> Response {
        self.send(self.client.post(&self.url).json(message)).await
    }

    pub(crate) async fn call(&self, id: u32) -> Events {
        let params = json!({ "name": "wait", "arguments": {} });
        let call = json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params });
        Events::new(self.post(&call).await)
    }

    /// Opens the session's stream that belongs to no request.
    pub(crate) async fn listen(&self) -> Events {
        Events::new(self.send(self.client.get(&self.url)).await)
    }
}

/// Open event stream.
#[derive(Debug)]
pub(crate) struct Events(Response);

impl Events {
    fn new(response: Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self(response)
    }

    /// Returns the messages of a stream that ends properly.
    pub(crate) async fn messages(self) -> Vec<Value> {
        let text = timeout(PATIENCE, self.0.text()).await.expect("the stream ends");
        let text = text.expect("it ends as it should");
        assert!(text.is_empty() || text.ends_with("\n\n"), "{text:?}");
        let data = text.lines().filter_map(|line| line.strip_prefix("data:"));
        let data = data.map(str::trim).filter(|data| !data.is_empty());
        data.map(|data| serde_json::from_str(data).unwrap()).collect()
    }

    /// Reads keep-alive messages for a while, including earlier ones.
    pub(crate) async fn goes_on(&mut self) {
        let began = Instant::now();
        while began.elapsed() < 3 * KEEP_ALIVE {
            let chunk = timeout(PATIENCE, self.0.chunk()).await.expect("a sign of life");
            assert!(chunk.unwrap().is_some(), "the stream has ended");
        }
    }
}

/// Asserts that a stream ends with the error that stopped the call `id`.
#[track_caller]
pub(crate) fn assert_stopped(messages: &[Value], id: u32, reason: &str) {
    let last = messages.last().expect("a message");
    assert_eq!(last["id"], id, "{last}");
    assert_eq!(last["error"]["message"], format!("the permit has ended: {reason}"), "{last}");
}

/// Asserts that a stream ends with the result of the call `id`.
#[track_caller]
pub(crate) fn assert_done(messages: &[Value], id: u32) {
    let last = messages.last().expect("a message");
    assert_eq!(last["id"], id, "{last}");
    assert_eq!(last["result"]["content"][0]["text"], "done", "{last}");
}
