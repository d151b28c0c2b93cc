//! The configuration: layers in, values that are right out. No setting is read elsewhere.

mod admin;
mod auth;
mod cache;
mod changes;
mod cors;
mod credentials;
mod dotenv;
mod error;
mod introspector;
mod key_expiry;
mod layers;
mod list;
mod log;
mod origin;
mod ownership;
mod prefix;
mod proxies;
#[cfg(feature = "setup")]
mod reach;
mod resource;
mod section;
mod server;
mod setting;
mod traces;
mod zitadel;

use std::{collections::BTreeMap, env, path::Path};

use adapters::CacheSettings;
use axum_zitadel::Resource;
use serde::de::DeserializeOwned;

pub use crate::client::{InvalidNetwork, Networks};
use crate::local_tokens::LocalTokens;
use layers::Layers;
use section::OwnersValues;

pub use admin::Admin;
pub use auth::Auth;
pub use changes::{Changes, Webhook};
pub use cors::{AllowedOrigin, Cors};
#[cfg(fuzzing)]
pub use dotenv::fuzz::holds as dotenv_law;
pub use error::{ConfigError, InvalidValue};
pub use introspector::{Fake, Introspector};
pub use key_expiry::KeyExpiry;
#[cfg(feature = "setup")]
pub(crate) use layers::variables as dotenv_variables;
pub use log::{Log, LogFormat};
pub use prefix::Prefix;
#[cfg(feature = "setup")]
pub(crate) use reach::Reach;
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
    /// The URL that clients know this API by, if they find out themselves where to sign in.
    pub resource: Option<Resource>,
    /// How long an answer may be reused.
    pub cache: CacheSettings,
    /// The change feed, if there is one.
    pub changes: Option<Changes>,
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
    /// The prefix of the variables.
    pub prefix: Prefix,
    owners: OwnersValues,
}

impl Config {
    /// Reads the configuration of this process: the working directory and the environment.
    ///
    /// # Errors
    /// When a setting is unknown, malformed, contradictory or incomplete.
    pub fn load() -> Result<Self, ConfigError> {
        Self::load_for(&Prefix::default())
    }

    /// Reads the configuration of this process by another prefix than `APP_`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_for(prefix: &Prefix) -> Result<Self, ConfigError> {
        Self::read_for(prefix, environment(prefix)?, Path::new("."))
    }

    /// Reads the configuration of this process as if the in-memory fake were asked for, and no change feed:
    /// routes may be made from it before there are credentials.
    #[cfg(feature = "setup")]
    pub(crate) fn load_without_credentials(prefix: &Prefix) -> Result<Self, ConfigError> {
        let mut environment = environment(prefix)?;
        environment.insert(prefix.variable("introspector"), "fake".to_owned());
        Self::read_parts(prefix, environment, Path::new("."), false)
    }

    /// Reads a section of the owner's own: a table of `config.toml`, then variables such as
    /// `APP_DATABASE__URL` of `.env` and of the environment, the later one winning.
    ///
    /// A variable is text: numbers, `true` and `false`, names of unit variants, and lists with commas
    /// are parsed where the type asks for them, and a `String` gets every letter. A field's name is
    /// that of `config.toml`, where it stands there, or in lower case with underscores. Not supported
    /// are enums with fields, and numbers of variables behind `#[serde(flatten)]` or `tag`, where a
    /// type does not say what it asks for.
    ///
    /// # Errors
    /// When a value is missing or is not what the type asks for, or the section is one of the
    /// settings' own. The error names the value and its layer, and repeats nothing of it but what the
    /// type's own deserializer says.
    pub fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T, ConfigError> {
        self.owners.section(name)
    }

    /// Returns the origins whose pages may call: that of the resource, and those of
    /// `cors.allowed_origins`, each with its port.
    #[must_use]
    pub fn page_origins(&self) -> Vec<String> {
        let own = self.resource.iter().map(Resource::origin);
        let allowed = self.cors.allowed_origins.iter();
        let allowed = allowed.filter_map(|origin| origin.as_header().to_str().ok());
        own.chain(allowed).map(cors::with_port).collect()
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
        Self::read_for(&Prefix::default(), environment, directory)
    }

    /// Reads the configuration by another prefix than `APP_`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn read_for(
        prefix: &Prefix,
        environment: BTreeMap<String, String>,
        directory: &Path,
    ) -> Result<Self, ConfigError> {
        Self::read_parts(prefix, environment, directory, true)
    }

    fn read_parts(
        prefix: &Prefix,
        environment: BTreeMap<String, String>,
        directory: &Path,
        is_set_up: bool,
    ) -> Result<Self, ConfigError> {
        let traces = Traces::read(&environment)?;
        let proxies = proxies::check(&environment);
        let (layers, owners) = Layers::read(prefix, environment, directory)?;
        let server = Server::read(&layers)?;
        let mut warnings = Vec::new();
        let introspector = Introspector::read(&layers, directory, &server, &mut warnings)?;
        if matches!(introspector, Introspector::Zitadel(_)) {
            proxies?;
        }
        let admin = Admin::read(&layers, &server)?;
        let changes = if is_set_up {
            Changes::read(&layers, directory, &introspector, &server, admin)?
        } else {
            None
        };
        let auth = Auth::read(&layers)?;
        Ok(Self {
            introspector,
            admin,
            server,
            cors: Cors::read(&layers)?,
            resource: resource::read(&layers, &auth, is_set_up)?,
            auth,
            cache: cache::read(&layers, changes.is_some())?,
            changes,
            log: Log::read(&layers)?,
            origins: layers
                .origins()
                .into_iter()
                .map(|(name, origin)| (name, origin.to_string()))
                .chain(traces.as_ref().map(Traces::origin))
                .collect(),
            traces,
            warnings,
            prefix: prefix.clone(),
            owners,
        })
    }
}

/// Reads the environment of this process: what is ours must be text.
pub(crate) fn environment(prefix: &Prefix) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut environment = BTreeMap::new();
    for (name, value) in env::vars_os() {
        match (name.into_string(), value.into_string()) {
            (Ok(name), Ok(value)) => drop(environment.insert(name, value)),
            (Ok(name), Err(_)) if layers::is_ours(prefix, &name) => {
                return Err(ConfigError::of(&name, "its value is not UTF-8"));
            }
            _ => {}
        }
    }
    Ok(environment)
}

#[cfg(test)]
mod tests;
