//! The library's MCP example as a program.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{self, Stdio},
    sync::OnceLock,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;
use tests::OidcProvider;
use tokio::{
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep},
};

/// Bound on a start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// Time between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(20);
/// Ports to try: another program may take one first.
const TRIES: usize = 5;

/// Server, until dropped.
pub(crate) struct McpServer {
    address: SocketAddr,
    _process: Child,
    _directory: TempDir,
}

/// Returns a free port.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// Builds the example and returns the program; packages and features are those of `./test`, so that
/// nothing is built twice.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let build = process::Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "--workspace", "--features", "real-servers"])
            .args(["--example", "mcp", "--message-format", "json-render-diagnostics"])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(build.status.success(), "the example was not built");
        let said = String::from_utf8(build.stdout).unwrap();
        let messages = said.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let of_example = messages.filter(|message| message["target"]["name"] == "mcp");
        let mut programs =
            of_example.filter_map(|message| Some(message["executable"].as_str()?.into()));
        programs.next_back().expect("an executable")
    })
}

impl McpServer {
    /// Starts the server, with its own address or a proxy's as `resource.url`. Pages from
    /// `page_port` may call it.
    pub(crate) async fn start(
        provider: &OidcProvider,
        proxy: Option<SocketAddr>,
        page_port: u16,
    ) -> Self {
        for _ in 0..TRIES {
            if let Some(server) = Self::start_once(provider, proxy, page_port).await {
                return server;
            }
        }
        panic!("the server did not start");
    }

    async fn start_once(
        provider: &OidcProvider,
        proxy: Option<SocketAddr>,
        page_port: u16,
    ) -> Option<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let resource = format!("http://{}/mcp", proxy.unwrap_or(address));
        let environment = provider
            .environment()
            .with("APP_SERVER__LISTEN", &address.to_string())
            .with("APP_ZITADEL__PROJECT_ID", provider.about("project_id"))
            .with("APP_RESOURCE__URL", &resource)
            .with("APP_CORS__ALLOWED_ORIGINS", &format!("http://127.0.0.1:{page_port}"));
        let directory = tempfile::tempdir().unwrap();
        let mut process = Command::new(program())
            .current_dir(directory.path())
            .env_clear()
            .envs(environment.into_variables())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let began = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if process.try_wait().unwrap().is_some() {
                return None;
            }
            assert!(began.elapsed() < PATIENCE, "nothing listens");
            sleep(PAUSE).await;
        }
        Some(Self { address, _process: process, _directory: directory })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/mcp", self.address)
    }
}
