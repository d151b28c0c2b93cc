//! The configuration: settings, read from their layers (such as `config.toml`) and validated.

mod admin;
mod auth;
mod cache;
mod changes;
#[cfg(feature = "setup")]
mod connection_settings;
mod cors;
mod credentials;
mod dotenv;
mod environment;
mod error;
mod introspector;
mod key_expiry;
mod layer;
mod layers;
mod list;
mod log;
mod origin;
mod ownership;
mod prefix;
mod proxies;
mod resource;
mod section;
mod server;
mod setting;
mod settings;
mod traces;
mod zitadel;

use std::{collections::BTreeMap, path::Path};

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
#[cfg(feature = "setup")]
pub(crate) use connection_settings::ConnectionSettings;
pub use cors::{AllowedOrigin, Cors};
#[cfg(fuzzing)]
pub use dotenv::fuzz::holds as dotenv_law;
pub(crate) use environment::environment;
pub use error::{ConfigError, InvalidValue};
pub use introspector::{Fake, Introspector};
pub use key_expiry::KeyExpiry;
#[cfg(feature = "setup")]
pub(crate) use layers::variables as dotenv_variables;
pub use log::{Log, LogFormat};
pub use prefix::Prefix;
pub use server::Server;
pub use traces::{Sampling, Traces};
pub use zitadel::Zitadel;

/// The whole configuration, read and validated.
#[derive(Debug)]
pub struct Config {
    /// Source of verdicts on tokens: ZITADEL, or the in-memory fake.
    pub introspector: Introspector,
    /// Settings of the API's listener.
    pub server: Server,
    /// Web pages that may call the API from a browser.
    pub cors: Cors,
    /// Requirements on every token, and the form of denials.
    pub auth: Auth,
    /// This API as clients discover it (RFC 9728); `None` if `resource.url` is not set.
    pub resource: Option<Resource>,
    /// Limits on the reuse of verdicts on tokens.
    pub cache: CacheSettings,
    /// Settings of the feed of ZITADEL's changes; `None` if no feed is configured.
    pub changes: Option<Changes>,
    /// Settings of the operators' listener.
    pub admin: Admin,
    /// Settings of the log.
    pub log: Log,
    /// Settings of the export of traces; `None` if traces are not sent.
    pub traces: Option<Traces>,
    /// Each setting that a file or a variable sets, with the name and layer that set it.
    pub origins: Vec<(&'static str, String)>,
    /// Warnings for the operator, none of which prevents the start.
    pub warnings: Vec<String>,
    /// Prefix of the variables that are settings, such as `APP_`.
    pub prefix: Prefix,
    owners: OwnersValues,
}

impl Config {
    /// Reads the configuration of this process from the working directory and the environment.
    ///
    /// # Errors
    /// When a setting is unknown, malformed, contradictory or missing.
    pub fn load() -> Result<Self, ConfigError> {
        Self::load_for(&Prefix::default())
    }

    /// Reads the configuration of this process, with `prefix` in place of `APP_`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_for(prefix: &Prefix) -> Result<Self, ConfigError> {
        Self::read_for(prefix, environment(prefix)?, Path::new("."))
    }

    /// Reads the configuration of this process, but with the in-memory fake in place of ZITADEL and
    /// without a change feed, so that routes can be created before there are credentials.
    #[cfg(feature = "setup")]
    pub(crate) fn load_without_credentials(prefix: &Prefix) -> Result<Self, ConfigError> {
        let mut environment = environment(prefix)?;
        environment.insert(prefix.variable("introspector"), "fake".to_owned());
        Self::read_parts(prefix, environment, Path::new("."), false)
    }

    /// Reads the section `name`, such as `database`: values that are no settings but belong to the
    /// routes' author. Variables such as `APP_DATABASE__URL` override the table `[database]` in
    /// `config.toml`; those in the environment override those in `.env`.
    ///
    /// A variable is text: numbers, `true` and `false`, names of unit variants, and comma-separated
    /// lists are parsed if the type requires them; a `String` is taken unchanged. A key set by a
    /// variable is spelled as in `config.toml` if it is there too, otherwise in lower case with
    /// underscores. Not supported are enums with fields, and numbers in variables behind
    /// `#[serde(flatten)]` or `tag`.
    ///
    /// # Errors
    /// When a value is missing or has the wrong type, or `name` is one of our sections. The error
    /// names the key and its layer, and repeats of the value only what the type's own deserializer
    /// says.
    pub fn section<T: DeserializeOwned>(&self, name: &str) -> Result<T, ConfigError> {
        self.owners.section(name)
    }

    /// Returns the origins of web pages that may call the API: the origin of `resource.url`, and
    /// `cors.allowed_origins`. Each names its port, as in `https://example.com:443`.
    #[must_use]
    pub fn page_origins(&self) -> Vec<String> {
        let own = self.resource.iter().map(Resource::origin);
        let allowed = self.cors.allowed_origins.iter();
        let allowed = allowed.filter_map(|origin| origin.as_header().to_str().ok());
        own.chain(allowed).map(cors::with_port).collect()
    }

    /// Replaces the built-in tokens of the in-memory fake, unless a file of tokens is configured.
    #[must_use]
    pub fn with_local_tokens(mut self, tokens: LocalTokens) -> Self {
        if let Introspector::Fake(fake @ Fake { file: None, .. }) = &mut self.introspector {
            fake.tokens = tokens;
        }
        self
    }

    /// Reads the configuration from the given environment and working directory.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn read(
        environment: BTreeMap<String, String>,
        directory: &Path,
    ) -> Result<Self, ConfigError> {
        Self::read_for(&Prefix::default(), environment, directory)
    }

    /// Reads the configuration like [`read`](Self::read), with `prefix` in place of `APP_`.
    ///
    /// # Errors
    /// As [`load`](Self::load).
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

#[cfg(test)]
mod tests;
