//! Objects that should exist at ZITADEL after `setup`, by name.

use std::{path::PathBuf, time::Duration};

use axum_zitadel::{Access, Route};

use super::{
    args::{AuthMethod, SetupArgs},
    redirect_uri::RedirectUri,
    roles,
};
use crate::config::Prefix;

/// Manager role on ZITADEL's instance that may read the event log.
pub(super) const READER_ROLE: &str = "IAM_OWNER_VIEWER";
/// Lifetime of the token that `setup` creates for a caller.
const CALLER_TOKEN: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// Lifetime of the token that reads the event log.
const READER_TOKEN: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Names, roles and files of all objects that an API needs at ZITADEL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) project: String,
    pub(super) application: String,
    pub(super) auth: AuthMethod,
    /// Keys of the roles that rules of the route table require.
    pub(super) roles: Vec<String>,
    /// Number of rules of the route table that require a role.
    pub(super) rules: usize,
    pub(super) users: Vec<TargetUser>,
    pub(super) mcp_client: Option<TargetClient>,
    pub(super) prefix: Prefix,
}

/// Service user that should exist after `setup`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TargetUser {
    pub(super) name: String,
    pub(super) roles: Vec<String>,
    pub(super) reads_events: bool,
    pub(super) file: PathBuf,
}

/// Native application of MCP clients that should exist at ZITADEL after `setup`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TargetClient {
    pub(super) name: String,
    pub(super) redirect_uris: Vec<String>,
}

/// Redirect URIs of MCP clients on loopback, where ZITADEL accepts any port.
const LOOPBACK: [&str; 2] = ["http://localhost/callback", "http://localhost/oauth/callback"];

impl TargetClient {
    fn new(project: &str, args: &SetupArgs) -> Self {
        let mut redirect_uris: Vec<_> = LOOPBACK.map(str::to_owned).to_vec();
        for further in args.redirects.iter().map(RedirectUri::as_str) {
            if !redirect_uris.iter().any(|known| known == further) {
                redirect_uris.push(further.to_owned());
            }
        }
        Self { name: format!("{project}-mcp"), redirect_uris }
    }
}

impl TargetUser {
    pub(super) fn token_lifetime(&self) -> Duration {
        if self.reads_events { READER_TOKEN } else { CALLER_TOKEN }
    }
}

impl Target {
    pub(super) fn new(args: &SetupArgs, program: &str, prefix: &Prefix, table: &[Route]) -> Self {
        let project = args.name.clone().unwrap_or_else(|| capitalized(program));
        let lower = project.to_lowercase().replace(' ', "-");
        let callers = args.callers.iter().map(|caller| TargetUser {
            name: caller.name.clone(),
            roles: caller.roles.clone().unwrap_or_else(|| of_first_rule(table)),
            reads_events: false,
            file: format!("{}.pat", caller.name).into(),
        });
        let reader = args.changes.then(|| TargetUser {
            name: format!("{lower}-changes"),
            roles: Vec::new(),
            reads_events: true,
            file: "changes.pat".into(),
        });
        Self {
            application: format!("{lower}-api"),
            auth: args.auth,
            roles: roles::roles(table),
            rules: roles::rules(table),
            users: callers.chain(reader).collect(),
            mcp_client: args.mcp.then(|| TargetClient::new(&lower, args)),
            prefix: prefix.clone(),
            project,
        }
    }
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Returns the keys of the roles that a caller gets by default: those of the first guarded route
/// that requires a role.
fn of_first_rule(table: &[Route]) -> Vec<String> {
    let guarded = table.iter().filter(|route| matches!(route.access, Access::Guarded(_)));
    guarded.map(roles::of).find(|roles| !roles.is_empty()).unwrap_or_default()
}
