//! The section `[zitadel]`: the ZITADEL instance, and this API's credentials there.

use std::{fmt, path::Path, sync::Arc};

use adapters::{
    Limits, ShownPath, SystemClock,
    zitadel::{
        ClientCredentials, CredentialError, IssuerUrl, OwnToken, RootCertificates, ZitadelSettings,
    },
};

use domain::Clock;

use super::{KeyExpiry, credentials, error::ConfigError, layers::Layers, server::some_time};

/// Settings of ZITADEL, and limits on the requests to it.
#[derive(Debug)]
pub struct Zitadel {
    /// ZITADEL instance, this API's credentials there, and details of the requests to it.
    pub settings: ZitadelSettings,
    /// Limits on concurrent introspections.
    pub limits: Limits,
    /// Expiry of this API's key, before which a warning is due; `None` if not set.
    pub key_expiry: Option<KeyExpiry>,
}

/// Values of `[zitadel]`, checked even if the in-memory fake replaces ZITADEL. Values that only
/// ZITADEL requires, such as `zitadel.domain`, may therefore be missing.
pub(super) struct Section {
    domain: Option<IssuerUrl>,
    limits: Limits,
    key_expiry: Option<KeyExpiry>,
    complete: Box<dyn FnOnce(IssuerUrl, ClientCredentials) -> ZitadelSettings>,
}

impl Section {
    pub(super) fn read(layers: &Layers) -> Result<Self, ConfigError> {
        let timeout = some_time(layers, "zitadel.timeout")?;
        let project_id = layers.text("zitadel.project_id")?;
        let introspection_endpoint = layers.parsed("zitadel.introspection_endpoint")?;
        let connect_to = layers.parsed("zitadel.connect_to")?;
        let claims = layers.list("zitadel.claims")?;
        let max_per_second = layers.parsed("zitadel.max_per_second")?;
        Ok(Self {
            domain: layers.parsed("zitadel.domain")?,
            key_expiry: layers.parsed("zitadel.key_expires")?,
            limits: Limits {
                max_in_flight: layers.required("zitadel.max_in_flight")?,
                known_share: layers.required("zitadel.known_share")?,
            },
            complete: Box::new(move |domain, credentials| ZitadelSettings {
                timeout,
                max_per_second,
                project_id,
                introspection_endpoint,
                connect_to,
                claims,
                ..ZitadelSettings::new(domain, credentials)
            }),
        })
    }

    /// Returns ZITADEL's settings: the values of this section, the credentials, and the contents of
    /// the files that the section names. A missing required value is an error.
    pub(super) fn complete(
        self,
        layers: &Layers,
        directory: &Path,
        warnings: &mut Vec<String>,
    ) -> Result<Zitadel, ConfigError> {
        let domain = self.domain.ok_or_else(|| layers.error("zitadel.domain", "it is missing"))?;
        if domain.has_path() && layers.origin("zitadel.introspection_endpoint").is_none() {
            let problem = "it has a path, and the issuer of a ZITADEL has none: leave it out; for \
                           another provider set zitadel.introspection_endpoint too";
            return Err(layers.error("zitadel.domain", problem));
        }
        let root_certificates = root_certificates(layers, directory)?;
        let settings = (self.complete)(domain, credentials::read(layers, directory, warnings)?);
        if let Some(connect_to) = settings.connect_to.as_ref().filter(|to| to.is_clear()) {
            warnings.push(format!(
                "zitadel.connect_to: tokens and credentials travel in clear to {connect_to}"
            ));
        }
        warnings.extend(settings.project_id.as_deref().and_then(odd_project_id));
        warnings.extend(self.key_expiry.and_then(|expiry| expiry.warning(SystemClock.now())));
        let canary = own_token(layers, directory, "zitadel.canary_token_file")?;
        let settings = ZitadelSettings { root_certificates, canary, ..settings };
        Ok(Zitadel { settings, limits: self.limits, key_expiry: self.key_expiry })
    }
}

/// Returns a warning if `id` cannot be the id of a ZITADEL project, such as one in quotes.
fn odd_project_id(id: &str) -> Option<String> {
    let is_odd = id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_digit());
    is_odd.then(|| {
        format!(
            "zitadel.project_id: {id:?} is the id of no project: ids of ZITADEL are digits, and no role \
             is found under another"
        )
    })
}

pub(super) fn root_certificates(
    layers: &Layers,
    directory: &Path,
) -> Result<Option<RootCertificates>, ConfigError> {
    let setting = "zitadel.ca_file";
    let Some(file) = layers.text(setting)? else { return Ok(None) };
    let shown =
        |error| layers.error(setting, format_args!("{}: {error}", ShownPath(Path::new(&file))));
    RootCertificates::from_file(directory.join(&file)).map(Some).map_err(shown)
}

/// Reads a token of this API's own, such as the canary, from the file that `setting` names; `None`
/// if `setting` is not set.
fn own_token(
    layers: &Layers,
    directory: &Path,
    setting: &'static str,
) -> Result<Option<Arc<OwnToken>>, ConfigError> {
    let Some(file) = layers.text(setting)? else { return Ok(None) };
    let shown = |error: CredentialError| {
        layers.error(setting, format_args!("{}: {}", ShownPath(Path::new(&file)), error.problem))
    };
    OwnToken::file(setting, directory.join(&file)).map(Arc::new).map(Some).map_err(shown)
}

impl fmt::Debug for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Section").field("domain", &self.domain).finish_non_exhaustive()
    }
}
