//! Test helpers: settings and introspectors for the double (the simulated ZITADEL).

use std::time::Duration;

use adapters::zitadel::{
    ClientCredentials, CredentialText, IssuerUrl, RootCertificates, ZitadelIntrospector,
    ZitadelSettings,
};
use zitadel_double::ZitadelDouble;

/// Time limit that no response of the double exceeds, even on a slow machine.
pub(crate) const PATIENT: Duration = Duration::from_secs(30);

/// Returns settings for the double, with client authentication by `client_secret_basic`.
pub(crate) fn basic(double: &ZitadelDouble) -> ZitadelSettings {
    let (client_id, secret) = (double.client_id().as_str(), double.client_secret());
    settings(double, ClientCredentials::client_secret(client_id, &secret).unwrap())
}

/// Returns settings for the double, with client authentication by `private_key_jwt`.
pub(crate) fn key(double: &ZitadelDouble) -> ZitadelSettings {
    let key = CredentialText::value("zitadel.key_file", &double.key_json());
    settings(double, ClientCredentials::from_key(key, None).unwrap())
}

fn settings(double: &ZitadelDouble, credentials: ClientCredentials) -> ZitadelSettings {
    ZitadelSettings {
        project_id: Some(double.project_id().as_str().to_owned()),
        root_certificates: double.ca_pem().map(|pem| RootCertificates::from_pem(pem.as_bytes())),
        timeout: PATIENT,
        ..ZitadelSettings::new(double.issuer().parse::<IssuerUrl>().unwrap(), credentials)
    }
}

pub(crate) fn introspector(settings: ZitadelSettings) -> ZitadelIntrospector {
    ZitadelIntrospector::new(settings).unwrap()
}
