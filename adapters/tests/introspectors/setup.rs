//! An introspector that asks the double.

use std::{sync::Arc, time::Duration};

use adapters::{
    SystemClock,
    zitadel::{ClientAuthentication, Domain, KeyFile, ZitadelIntrospector, ZitadelSettings},
};
use domain::ClientId;
use zitadel_double::ZitadelDouble;

/// Far longer than any answer of the double takes.
pub(crate) const PATIENT: Duration = Duration::from_secs(30);

/// Settings for the double, with `client_secret_basic`.
pub(crate) fn basic(double: &ZitadelDouble) -> ZitadelSettings {
    let client_id = ClientId::parse(double.client_id().as_str()).unwrap();
    let authentication =
        ClientAuthentication::client_secret_basic(&client_id, &double.client_secret().into());
    settings(double, authentication)
}

/// Settings for the double, with `private_key_jwt`.
pub(crate) fn key(double: &ZitadelDouble) -> ZitadelSettings {
    let key_file = KeyFile::parse(&double.key_json()).unwrap();
    let issuer = domain::Issuer::parse(double.issuer()).unwrap();
    let authentication =
        ClientAuthentication::private_key_jwt(key_file, issuer, Arc::new(SystemClock));
    settings(double, authentication)
}

fn settings(double: &ZitadelDouble, authentication: ClientAuthentication) -> ZitadelSettings {
    ZitadelSettings {
        domain: double.issuer().parse::<Domain>().unwrap(),
        authentication: Arc::new(authentication.into()),
        project_id: Some(double.project_id().as_str().to_owned()),
        introspection_endpoint: None,
        connect_to: None,
        root_certificates: double.ca_pem().map(|pem| pem.as_bytes().to_vec()),
        timeout: PATIENT,
        trace_parent: || None,
    }
}

pub(crate) fn introspector(settings: ZitadelSettings) -> ZitadelIntrospector {
    ZitadelIntrospector::new(settings).unwrap()
}
