//! Settings of the connection to ZITADEL, read by the command `setup` even if other settings are
//! missing.

use std::path::Path;

use adapters::zitadel::{ConnectTo, RootCertificates};

use super::{
    environment::environment, error::ConfigError, layers::Layers, prefix::Prefix,
    zitadel::root_certificates,
};

#[derive(Debug)]
pub(crate) struct ConnectionSettings {
    pub(crate) connect_to: Option<ConnectTo>,
    pub(crate) root_certificates: Option<RootCertificates>,
}

impl ConnectionSettings {
    /// Reads `zitadel.connect_to` and `zitadel.ca_file` from the working directory and the
    /// environment; variables begin with `prefix`, such as `APP_`.
    pub(crate) fn load_for(prefix: &Prefix) -> Result<Self, ConfigError> {
        let directory = Path::new(".");
        let (layers, _) = Layers::read(prefix, environment(prefix)?, directory)?;
        Ok(Self {
            connect_to: layers.parsed("zitadel.connect_to")?,
            root_certificates: root_certificates(&layers, directory)?,
        })
    }
}
