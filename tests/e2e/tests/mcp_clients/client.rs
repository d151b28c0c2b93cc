//! A client in any language.

use serde_json::Value;

use crate::{program::Program, rmcp_client::RmcpClient};

/// Client under test.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// `mcp-clients` program on Node.js.
    Node(&'static str),
    /// `mcp-clients` program in Python.
    Python(&'static str),
    /// Client of the crate `rmcp`.
    Rmcp,
}

/// Client behaviour after the API refuses its access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Recovery {
    /// It uses its refresh token.
    Refresh,
    /// It sends the user to log in again.
    Login,
    /// It reports an error.
    #[default]
    None,
}

/// Differences between clients.
#[derive(Clone, Copy, Default)]
pub(crate) struct Habits {
    /// After its access token was revoked.
    pub(crate) without_access_token: Recovery,
    /// After both tokens were revoked.
    pub(crate) without_any_token: Recovery,
    /// With a configured client id, it refreshes after any 403 with a challenge.
    pub(crate) refreshes_on_403_with_a_client_id: bool,
}

/// Result of a tool.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) text: String,
    pub(crate) is_error: bool,
}

pub(crate) enum Client {
    Program(Box<Program>),
    Rmcp(RmcpClient),
}

impl Client {
    /// Starts a client of the server at this URL; a browser loads the page from `page_port`.
    pub(crate) fn start(kind: Kind, url: &str, page_port: u16) -> Self {
        match kind {
            Kind::Node(program) => Self::Program(Program::node(program, url, page_port).into()),
            Kind::Python(program) => Self::Program(Program::python(program, url).into()),
            Kind::Rmcp => Self::Rmcp(RmcpClient::new(url)),
        }
    }

    /// Connects without stored tokens; registers a client unless `client_id` is given.
    pub(crate) async fn connect(&mut self, client_id: Option<&str>) -> Result<(), String> {
        match self {
            Self::Program(program) => program.connect(client_id).await,
            Self::Rmcp(client) => client.connect(client_id).await,
        }
    }

    pub(crate) async fn call(&mut self, tool: &'static str) -> Result<Told, String> {
        match self {
            Self::Program(program) => program.call(tool).await,
            Self::Rmcp(client) => client.call(tool).await,
        }
    }

    pub(crate) async fn end(self) {
        match self {
            Self::Program(program) => program.end().await,
            Self::Rmcp(client) => drop(client),
        }
    }
}

impl Told {
    /// Parses a line of a program.
    pub(crate) fn read(line: &Value) -> Self {
        Self {
            text: line["text"].as_str().unwrap().to_owned(),
            is_error: line["is_error"].as_bool().unwrap(),
        }
    }
}
