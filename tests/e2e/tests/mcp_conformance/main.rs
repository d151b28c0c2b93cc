//! The MCP conformance package gets the same results with and without the guard, in rmcp's session
//! mode and without. The package cannot send tokens, so a proxy adds one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says so by panicking"
)]

mod package;
mod proxy;
mod server;

use app::{Routes, require};
use axum::Router;
use domain::rules::ReadMessages;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager,
};
use tests::{Api, Environment};
use tokio::net::TcpListener;

use package::Results;
use server::Server;

type Service = StreamableHttpService<Server, LocalSessionManager>;

/// Scenarios in which the server calls the client, which needs a session.
const WITH_SESSIONS_ALONE: [&str; 4] = [
    "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums",
    "tools-call-elicitation",
    "tools-call-sampling",
];
/// Number of scenarios in the package's pinned version.
const SCENARIOS: usize = 32;

fn service(sessions: bool) -> Service {
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(sessions)
        .with_allowed_origins(["http://127.0.0.1:*"]);
    StreamableHttpService::new(
        move || Ok(Server { sessions }),
        LocalSessionManager::default().into(),
        config,
    )
}

async fn bare(sessions: bool) -> Results {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let router = Router::new().nest_service("/mcp", service(sessions));
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let results = package::run(&url).await;
    server.abort();
    results
}

async fn guarded(sessions: bool) -> Results {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let environment = Environment::default()
        .with("APP_RESOURCE__URL", &format!("{origin}/mcp"))
        .with("APP_ZITADEL__PROJECT_ID", "340000000000000001");
    let routes = Routes::default().service("/mcp", require::<ReadMessages>(service(sessions)));
    let api = Api::start_with(environment, routes).await;
    let proxy = tokio::spawn(proxy::serve(listener, api.address(), "dev-reader"));
    let results = package::run(&format!("{origin}/mcp")).await;
    proxy.abort();
    api.stop().await;
    results
}

#[tokio::test]
async fn each_scenario_ends_behind_the_guard_as_it_does_without_it() {
    let bare = bare(true).await;
    assert_eq!(bare.passed().len(), SCENARIOS, "{bare:#?}");
    assert_eq!(guarded(true).await, bare);
}

#[tokio::test]
async fn each_scenario_without_sessions_ends_behind_the_guard_as_it_does_without_it() {
    let bare = bare(false).await;
    assert_eq!(bare.failed(), WITH_SESSIONS_ALONE, "{bare:#?}");
    assert_eq!(bare.passed().len(), SCENARIOS - WITH_SESSIONS_ALONE.len(), "{bare:#?}");
    assert_eq!(guarded(false).await, bare);
}
