//! The settings `introspector` and `[fake]`, which choose between ZITADEL and the in-memory fake.

use std::path::{Path, PathBuf};

use adapters::ShownPath;

use super::{
    credentials,
    error::ConfigError,
    layers::Layers,
    server::Server,
    zitadel::{Section, Zitadel},
};
use crate::local_tokens::LocalTokens;

/// Configured source of verdicts on tokens.
#[derive(Debug)]
pub enum Introspector {
    /// The in-memory fake, a stand-in for ZITADEL in local development.
    Fake(Fake),
    /// ZITADEL, over HTTP.
    Zitadel(Box<Zitadel>),
}

/// Settings of the in-memory fake.
#[derive(Debug)]
pub struct Fake {
    /// Tokens that the fake knows when starting.
    pub tokens: LocalTokens,
    /// File that holds the tokens, and is read again when it changes; `None` if no file is
    /// configured.
    pub file: Option<PathBuf>,
}

impl Introspector {
    pub(super) fn read(
        layers: &Layers,
        directory: &Path,
        server: &Server,
        warnings: &mut Vec<String>,
    ) -> Result<Self, ConfigError> {
        let section = Section::read(layers)?;
        let is_zitadel_set = layers.origin("zitadel.domain").is_some();
        match layers.text("introspector")?.as_deref() {
            Some("zitadel") => Self::zitadel(section, layers, directory, warnings),
            Some("fake") => Fake::read(layers, directory, server).map(Self::Fake),
            Some(_) => Err(layers.error("introspector", "it is neither of the two")),
            None if is_zitadel_set => Self::zitadel(section, layers, directory, warnings),
            None => {
                refuse_credentials_alone(layers)?;
                if !cfg!(debug_assertions) {
                    return Err(layers.conflict(
                        "introspector",
                        format_args!(
                            "a release build does not guess: set zitadel.domain (ZITADEL_DOMAIN) \
                             and credentials, or ask for the fake by name with introspector = \
                             \"fake\" ({}=fake)",
                            layers.variable("introspector"),
                        ),
                    ));
                }
                Fake::read(layers, directory, server).map(Self::Fake)
            }
        }
    }
}

/// Refuses credentials without `zitadel.domain`: they are meant for ZITADEL, not for the in-memory
/// fake.
fn refuse_credentials_alone(layers: &Layers) -> Result<(), ConfigError> {
    let mut credentials = credentials::SETTINGS.iter();
    let Some(origin) = credentials.find_map(|name| layers.origin(name)) else { return Ok(()) };
    let meant = layers.misspelled_domain().map_or_else(String::new, |misspelled| {
        format!("; did you mean ZITADEL_DOMAIN by {misspelled}?")
    });
    Err(layers.conflict(
        "zitadel.domain",
        format_args!(
            "it is missing, and there are credentials ({origin}): set ZITADEL_DOMAIN, or ask for \
             the fake by name with {}=fake{meant}",
            layers.variable("introspector"),
        ),
    ))
}

impl Introspector {
    fn zitadel(
        section: Section,
        layers: &Layers,
        directory: &Path,
        warnings: &mut Vec<String>,
    ) -> Result<Self, ConfigError> {
        section.complete(layers, directory, warnings).map(Box::new).map(Self::Zitadel)
    }
}

impl Fake {
    fn read(layers: &Layers, directory: &Path, server: &Server) -> Result<Self, ConfigError> {
        if !server.listen.ip().is_loopback() {
            return Err(layers.conflict(
                "server.listen",
                "the fake answers on loopback only, for everybody knows its tokens; set \
                 ZITADEL_DOMAIN, or listen on 127.0.0.1:5000",
            ));
        }
        let Some(file) = layers.text("fake.tokens")? else {
            return Ok(Self { tokens: LocalTokens::embedded(), file: None });
        };
        let shown = |error| {
            let file = ShownPath(Path::new(&file));
            layers.error("fake.tokens", format_args!("{file}: {error}"))
        };
        let path = directory.join(&file);
        let tokens = LocalTokens::read(&path).map_err(shown)?;
        Ok(Self { tokens, file: Some(path) })
    }
}
