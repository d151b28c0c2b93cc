//! `[zitadel]`: where ZITADEL is, and who this API is to it.

use std::{fs, num::NonZeroUsize, path::Path, time::Duration};

use adapters::zitadel::{ConnectTo, Domain, IntrospectionEndpoint, KeyFile};
use domain::ClientId;
use secrecy::SecretString;

use super::{error::ConfigError, layers::Layers, server::some_time};

/// Where ZITADEL is, and who this API is to it.
#[derive(Debug)]
pub struct Zitadel {
    /// Issuer and base URL.
    pub domain: Domain,
    /// This API's credentials.
    pub credentials: Credentials,
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

/// This API's credentials.
#[derive(Debug)]
pub enum Credentials {
    /// `client_secret_basic`.
    ClientSecret {
        /// The client id.
        client_id: ClientId,
        /// The secret.
        client_secret: SecretString,
    },
    /// `private_key_jwt`.
    PrivateKey(KeyFile),
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
        Ok(Zitadel {
            domain,
            credentials: Credentials::read(layers, directory)?,
            project_id,
            introspection_endpoint,
            connect_to,
            root_certificates,
            timeout,
            max_in_flight,
        })
    }
}

impl Credentials {
    fn read(layers: &Layers, directory: &Path) -> Result<Self, ConfigError> {
        let given: Vec<_> =
            ["zitadel.client_secret", "zitadel.client_secret_file", "zitadel.key_file"]
                .into_iter()
                .filter_map(|name| Some((name, layers.origin(name)?)))
                .collect();
        match given.as_slice() {
            [] => Err(layers.conflict(
                "zitadel.domain",
                "there are no credentials to go with it: set zitadel.client_id and \
                 zitadel.client_secret (CLIENT_ID, CLIENT_SECRET), or zitadel.key_file (KEY_FILE)",
            )),
            [("zitadel.key_file", _)] => Self::private_key(layers, directory),
            [_] => Self::client_secret(layers, directory),
            [(first, origin), (second, _), ..] => Err(layers.conflict(
                second,
                format!("{first} ({origin}) is set too, and only one of them can be used"),
            )),
        }
    }

    fn client_secret(layers: &Layers, directory: &Path) -> Result<Self, ConfigError> {
        let name = "zitadel.client_id";
        let client_id = layers
            .text(name)?
            .ok_or_else(|| layers.error(name, "it is missing, and a client secret is set"))?;
        let client_secret = match layers.text("zitadel.client_secret_file")? {
            Some(file) => read_file(layers, "zitadel.client_secret_file", directory, &file)?,
            None => layers.required("zitadel.client_secret")?,
        };
        Ok(Self::ClientSecret {
            client_id: ClientId::parse(&client_id).map_err(|error| layers.error(name, error))?,
            client_secret: client_secret.into(),
        })
    }

    fn private_key(layers: &Layers, directory: &Path) -> Result<Self, ConfigError> {
        let name = "zitadel.key_file";
        let file: String = layers.required(name)?;
        let json = read_file(layers, name, directory, &file)?;
        let key_file = KeyFile::parse(&json).map_err(|error| layers.conflict(name, error))?;
        let client_id = layers.text("zitadel.client_id")?;
        if client_id.is_some_and(|client_id| client_id != key_file.client_id().as_str()) {
            return Err(layers.conflict(
                "zitadel.client_id",
                "it is not the client id in zitadel.key_file; leave it out",
            ));
        }
        Ok(Self::PrivateKey(key_file))
    }
}

/// The content of a file, without the line break at its end.
fn read_file(
    layers: &Layers,
    name: &'static str,
    directory: &Path,
    file: &str,
) -> Result<String, ConfigError> {
    let path = directory.join(file);
    let text = fs::read_to_string(&path)
        .map_err(|error| layers.error(name, format_args!("{}: {error}", path.display())))?;
    match text.trim_end_matches(['\r', '\n']) {
        "" => Err(layers.error(name, "the file is empty")),
        text => Ok(text.to_owned()),
    }
}
