//! The configuration: layers in, values that are right out. No setting is read elsewhere.

mod admin;
mod auth;
mod cache;
mod cors;
mod credentials;
mod dotenv;
mod error;
mod introspector;
mod layers;
mod log;
mod server;
mod setting;
mod traces;
mod zitadel;

use std::{collections::BTreeMap, env, path::Path};

use adapters::CacheSettings;

use crate::local_tokens::LocalTokens;
use layers::Layers;

pub use admin::Admin;
pub use auth::Auth;
pub use cors::{AllowedOrigin, Cors};
pub use error::{ConfigError, InvalidValue};
pub use introspector::{Fake, Introspector};
pub(crate) use layers::toml_line;
pub use log::{Log, LogFormat};
pub use server::Server;
pub use traces::{Sampling, Traces};
pub use zitadel::Zitadel;

/// Everything that can be configured, read and checked.
#[derive(Debug)]
pub struct Config {
    /// Which adapter answers the port.
    pub introspector: Introspector,
    /// The listener of the API.
    pub server: Server,
    /// Browser clients.
    pub cors: Cors,
    /// What every token must show, and how denials look.
    pub auth: Auth,
    /// How long an answer may be reused.
    pub cache: CacheSettings,
    /// The listener for operators.
    pub admin: Admin,
    /// The log.
    pub log: Log,
    /// Where traces are sent, if anywhere.
    pub traces: Option<Traces>,
    /// For each setting that is not at its default: its name, and where the value came from.
    pub origins: Vec<(&'static str, String)>,
    /// What an operator should know although the start goes on.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads the configuration of this process: the working directory and the environment.
    ///
    /// # Errors
    /// When a setting is unknown, malformed, contradictory or incomplete.
    pub fn load() -> Result<Self, ConfigError> {
        let mut environment = BTreeMap::new();
        for (name, value) in env::vars_os() {
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => drop(environment.insert(name, value)),
                (Ok(name), Err(_)) if layers::is_ours(&name) => {
                    return Err(ConfigError::of(&name, "its value is not UTF-8"));
                }
                _ => {}
            }
        }
        Self::read(environment, Path::new("."))
    }

    /// Gives the fake these tokens instead of the built-in ones, unless a file is named for them.
    #[must_use]
    pub fn with_local_tokens(mut self, tokens: LocalTokens) -> Self {
        if let Introspector::Fake(fake @ Fake { file: None, .. }) = &mut self.introspector {
            fake.tokens = tokens;
        }
        self
    }

    /// Reads the configuration from an environment and a directory.
    ///
    /// # Errors
    /// When a setting is unknown, malformed, contradictory or incomplete.
    pub fn read(
        environment: BTreeMap<String, String>,
        directory: &Path,
    ) -> Result<Self, ConfigError> {
        let traces = Traces::read(&environment)?;
        let layers = Layers::read(environment, directory)?;
        let server = Server::read(&layers)?;
        let mut warnings = Vec::new();
        Ok(Self {
            introspector: Introspector::read(&layers, directory, &server, &mut warnings)?,
            admin: Admin::read(&layers, &server)?,
            server,
            cors: Cors::read(&layers)?,
            auth: Auth::read(&layers)?,
            cache: cache::read(&layers)?,
            log: Log::read(&layers)?,
            origins: layers
                .origins()
                .into_iter()
                .map(|(name, origin)| (name, origin.to_string()))
                .chain(traces.as_ref().map(Traces::origin))
                .collect(),
            traces,
            warnings,
        })
    }
}

#[cfg(test)]
mod tests;
