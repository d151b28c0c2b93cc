//! Arguments of `setup`.

use std::{path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, ValueEnum};

use super::{redirect_uri::RedirectUri, webhook_url::WebhookUrl};

/// Arguments of `setup`.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct SetupArgs {
    /// The address of ZITADEL: scheme, host and port.
    #[arg(long)]
    pub(super) domain: String,
    /// A file with the administrator's token. Without it the token is asked for.
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// The name of the project. The application's is the same in lower case, with -api at its end.
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The id of the organization, if it is not the administrator's own.
    #[arg(long, value_name = "ID")]
    pub(super) org: Option<String>,
    /// How the API authenticates to ZITADEL.
    #[arg(long, value_enum, default_value_t)]
    pub(super) auth: AuthMethod,
    /// The lifetime of the key.
    #[arg(long, value_name = "TIME", default_value = "365d", value_parser = humantime::parse_duration)]
    pub(super) key_expires: Duration,
    /// A service user that calls the API, with its roles: NAME or NAME:ROLE,ROLE. May be repeated.
    #[arg(long = "callers", value_name = "NAME[:ROLE,…]")]
    pub(super) callers: Vec<Caller>,
    /// A service user that reads the event log, for the change feed.
    #[arg(long)]
    pub(super) changes: bool,
    /// An address of this API that ZITADEL calls after a change, which then takes effect at once.
    #[arg(long, value_name = "URL", requires = "changes")]
    pub(super) webhook: Option<WebhookUrl>,
    /// A native application for MCP clients, which log people in with it.
    #[arg(long)]
    pub(super) mcp: bool,
    /// A further address to which an MCP client has browsers sent after a login. May be repeated.
    #[arg(long = "redirect", value_name = "URI", requires = "mcp")]
    pub(super) redirects: Vec<RedirectUri>,
    /// Record the ids of the objects that the key, .env and token files here belong to.
    #[arg(long)]
    pub(super) adopt: bool,
    /// Make a second key, which replaces the first.
    #[arg(long, conflicts_with_all = ["new_key", "new_secret", "remove"])]
    pub(super) renew: bool,
    /// Make another key, if the application has one whose file is not here.
    #[arg(long, conflicts_with_all = ["new_secret", "remove"])]
    pub(super) new_key: bool,
    /// Generate a new client secret. The old one stops working at once.
    #[arg(long, conflicts_with = "remove")]
    pub(super) new_secret: bool,
    /// Remove what setup made, by setup.lock.json.
    #[arg(long)]
    pub(super) remove: bool,
    /// Do it without asking.
    #[arg(long, short = 'y')]
    pub(super) yes: bool,
    /// Print what would be done, and do nothing.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Overwrite files of another object, and edit an .env for another project.
    #[arg(long)]
    pub(super) force: bool,
}

/// Authentication of an API to ZITADEL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum AuthMethod {
    /// Authenticate with a client secret.
    Basic,
    /// Authenticate with a key.
    #[default]
    Key,
}

/// A service user that calls the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) name: String,
    /// Keys of roles; `None` for those of the first rule that asks for one.
    pub(super) roles: Option<Vec<String>>,
}

impl FromStr for Caller {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, roles) = match text.split_once(':') {
            Some((name, roles)) => (name, Some(roles)),
            None => (text, None),
        };
        let is_of_file = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        // The name is also a file name.
        if name.is_empty() || name.starts_with('.') || !name.chars().all(is_of_file) {
            return Err("a name has letters, digits, - and _");
        }
        let roles =
            roles.map(|roles| roles.split(',').map(|role| role.trim().to_owned()).collect());
        if roles.as_ref().is_some_and(|roles: &Vec<String>| roles.iter().any(String::is_empty)) {
            return Err("a role is empty: NAME:ROLE,ROLE");
        }
        Ok(Self { name: name.to_owned(), roles })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_may_have_roles_with_colons() {
        let roles = |roles: &[&str]| Some(roles.iter().map(|role| (*role).to_owned()).collect());
        for (text, name, expected) in [
            ("reader", "reader", None),
            ("reader:read:messages", "reader", roles(&["read:messages"])),
            ("r-1:a, b:c", "r-1", roles(&["a", "b:c"])),
        ] {
            let caller: Caller = text.parse().unwrap();
            assert_eq!(caller, Caller { name: name.to_owned(), roles: expected }, "{text}");
        }
        for text in ["", ":a", "a b", "../a", "a/b", ".a", "a:", "a:b,"] {
            assert!(text.parse::<Caller>().is_err(), "{text}");
        }
    }
}
