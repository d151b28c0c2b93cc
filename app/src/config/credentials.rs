//! Reads this API's credentials at ZITADEL: client id and secret, or a key file.

use std::path::Path;

use adapters::{
    ShownPath,
    zitadel::{ClientCredentials, CredentialError, CredentialText},
};

use super::{error::ConfigError, layers::Layers};

const CLIENT_ID: &str = "zitadel.client_id";
const CLIENT_ID_FILE: &str = "zitadel.client_id_file";
const CLIENT_SECRET: &str = "zitadel.client_secret";
const CLIENT_SECRET_FILE: &str = "zitadel.client_secret_file";
const KEY_FILE: &str = "zitadel.key_file";

pub(super) const SETTINGS: [&str; 5] =
    [CLIENT_ID, CLIENT_ID_FILE, CLIENT_SECRET, CLIENT_SECRET_FILE, KEY_FILE];

/// Reads the credentials from settings and files. Adds a warning to `warnings` for each doubtful
/// value.
pub(super) fn read(
    layers: &Layers,
    directory: &Path,
    warnings: &mut Vec<String>,
) -> Result<ClientCredentials, ConfigError> {
    only_one(layers, &[CLIENT_SECRET, CLIENT_SECRET_FILE, KEY_FILE])?;
    only_one(layers, &[CLIENT_ID, CLIENT_ID_FILE])?;
    if layers.origin(CLIENT_ID_FILE).is_some() && layers.origin(CLIENT_SECRET_FILE).is_none() {
        return Err(layers.conflict(
            CLIENT_ID_FILE,
            "it goes with zitadel.client_secret_file, so that both are replaced together; use \
             that, or zitadel.client_id; a key file needs neither",
        ));
    }
    let unusable = |error: CredentialError| layers.conflict(error.setting, error.problem);
    if let Some(key) = in_file(layers, KEY_FILE, directory)? {
        let client_id = in_setting(layers, CLIENT_ID)?;
        return ClientCredentials::from_key(key, client_id).map_err(unusable);
    }
    let text = |file, setting| match in_file(layers, file, directory)? {
        None => in_setting(layers, setting),
        text => Ok(text),
    };
    let client_secret = text(CLIENT_SECRET_FILE, CLIENT_SECRET)?.ok_or_else(|| {
        layers.conflict(
            "zitadel.domain",
            "there are no credentials to go with it: set zitadel.client_id and \
             zitadel.client_secret (CLIENT_ID, CLIENT_SECRET), or zitadel.key_file (KEY_FILE)",
        )
    })?;
    let client_id = text(CLIENT_ID_FILE, CLIENT_ID)?
        .ok_or_else(|| layers.error(CLIENT_ID, "it is missing, and a client secret is set"))?;
    // A doubt is only a warning: an operator may have chosen any text.
    for text in [&client_id, &client_secret] {
        warnings.extend(text.doubt().map(|doubt| format!("{}: {doubt}", text.setting())));
    }
    ClientCredentials::from_secret(client_id, client_secret).map_err(unusable)
}

fn in_setting(
    layers: &Layers,
    setting: &'static str,
) -> Result<Option<CredentialText>, ConfigError> {
    Ok(layers.text(setting)?.map(|text| CredentialText::value(setting, &text)))
}

fn in_file(
    layers: &Layers,
    setting: &'static str,
    directory: &Path,
) -> Result<Option<CredentialText>, ConfigError> {
    let Some(file) = layers.text(setting)? else { return Ok(None) };
    // Not the joined path, which would pass for a path even when the value is a secret.
    let shown = |error: CredentialError| {
        layers.error(setting, format_args!("{}: {}", ShownPath(Path::new(&file)), error.problem))
    };
    CredentialText::file(setting, directory.join(&file)).map(Some).map_err(shown)
}

fn only_one(layers: &Layers, settings: &[&'static str]) -> Result<(), ConfigError> {
    let mut set = settings.iter().filter_map(|name| Some((name, layers.origin(name)?)));
    match (set.next(), set.next()) {
        (Some((first, origin)), Some((second, _))) => Err(layers.conflict(
            second,
            format!("{first} ({origin}) is set too, and only one of them can be used"),
        )),
        _ => Ok(()),
    }
}
