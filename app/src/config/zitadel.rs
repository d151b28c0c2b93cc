//! `[zitadel]`: where ZITADEL is, and who this API is to it.

use std::{fs, num::NonZeroUsize, path::Path, time::Duration};

use adapters::zitadel::{ConnectTo, Domain, IntrospectionEndpoint};

use super::{
    credentials::{Credentials, WrittenCredentials},
    error::ConfigError,
    layers::Layers,
    server::some_time,
};

/// Where ZITADEL is, and who this API is to it.
#[derive(Debug)]
pub struct Zitadel {
    /// Issuer and base URL.
    pub domain: Domain,
    /// This API's credentials.
    pub credentials: Credentials,
    /// The same as they are written down, to be read again.
    pub written_credentials: WrittenCredentials,
    /// The project of this API.
    pub project_id: Option<String>,
    /// The endpoint to use instead of what discovery says.
    pub introspection_endpoint: Option<IntrospectionEndpoint>,
    /// The origin to connect to instead of the domain's.
    pub connect_to: Option<ConnectTo>,
    /// Further root certificates, PEM.
    pub root_certificates: Option<Vec<u8>>,
    /// The most that one caller waits for a verdict.
    pub timeout: Duration,
    /// Introspections under way at once.
    pub max_in_flight: NonZeroUsize,
}

/// What the section says, whether or not ZITADEL is to answer: each value is right, but there may be
/// too few of them.
pub(super) struct Section {
    domain: Option<Domain>,
    project_id: Option<String>,
    introspection_endpoint: Option<IntrospectionEndpoint>,
    connect_to: Option<ConnectTo>,
    timeout: Duration,
    max_in_flight: NonZeroUsize,
}

impl Section {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let timeout = some_time(layers, "zitadel.timeout")?;
        Ok(Self {
            domain: layers.parsed("zitadel.domain")?,
            project_id: layers.text("zitadel.project_id")?,
            introspection_endpoint: layers.parsed("zitadel.introspection_endpoint")?,
            connect_to: layers.parsed("zitadel.connect_to")?,
            timeout,
            max_in_flight: layers.required("zitadel.max_in_flight")?,
        })
    }

    /// Everything that is needed to ask ZITADEL, files included.
    pub(super) fn complete(
        self,
        layers: &Layers,
        directory: &Path,
        warnings: &mut Vec<String>,
    ) -> Result<Zitadel, ConfigError> {
        let Self { domain, project_id, introspection_endpoint, connect_to, timeout, max_in_flight } =
            self;
        let domain = domain.ok_or_else(|| layers.error("zitadel.domain", "it is missing"))?;
        if let Some(connect_to) = connect_to.as_ref().filter(|connect_to| connect_to.is_clear()) {
            warnings.push(format!(
                "zitadel.connect_to: tokens and credentials travel in clear to {connect_to}"
            ));
        }
        let read = |file: String| {
            let path = directory.join(file);
            let shown = |error| {
                layers.error("zitadel.ca_file", format_args!("{}: {error}", path.display()))
            };
            fs::read(&path).map_err(shown)
        };
        let root_certificates = layers.text("zitadel.ca_file")?.map(read).transpose()?;
        let written_credentials = WrittenCredentials::of(layers, directory)?;
        let credentials = written_credentials
            .parse()
            .map_err(|error| layers.conflict(error.setting, error.problem))?;
        Ok(Zitadel {
            domain,
            credentials,
            written_credentials,
            project_id,
            introspection_endpoint,
            connect_to,
            root_certificates,
            timeout,
            max_in_flight,
        })
    }
}
