//! Keys of applications that authenticate by `private_key_jwt`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::apps;
use super::details::{added, changed, listed, only};
use super::request::{Outcome, Request};
use crate::event_log::Row;
use crate::ids::KeyId;
use crate::refusal::Refusal;
use crate::world::RegisteredKey;

pub(super) fn add(request: &mut Request<'_>, project: &str, app: &str) -> Outcome {
    request.may("project.app.write")?;
    let missing = || Refusal::precondition("Errors.Application.NotFound", "COMMAND-sak25");
    let (_, client, app) = apps::find(request, project, app).ok_or_else(missing)?;
    if !app.by_keys {
        let text = "Chosen Auth Method does not require a key";
        return Err(Refusal::precondition(text, "COMMAND-Dff54"));
    }
    let expires_at = request.expiration()?;
    let (id, file) = request.world.add_key(&client, expires_at).map_err(|_| missing())?;
    Ok(json!({
        "id": id.as_str(), "details": added(request.world), "keyDetails": STANDARD.encode(file),
    }))
}

pub(super) fn search(request: &Request<'_>, project: &str, app: &str) -> Outcome {
    request.may("project.app.read")?;
    let app = apps::find(request, project, app).map(|(_, _, app)| app);
    let rows = &request.world.log.rows;
    let keys = app.into_iter().flat_map(|app| &app.keys);
    let keys = keys.filter(|(id, _)| request.shows(id));
    let keys = keys.map(|(id, key)| shown(id, key, &rows.get(id.as_str(), request.org())));
    Ok(request.page(keys.collect()))
}

/// Returns a key in list format.
pub(super) fn shown(id: &KeyId, key: &RegisteredKey, row: &Row) -> serde_json::Value {
    json!({
        "id": id.as_str(), "details": listed(row), "type": "KEY_TYPE_JSON",
        "expirationDate": key.expiration_date(),
    })
}

pub(super) fn remove(request: &mut Request<'_>, project: &str, app: &str, key: &str) -> Outcome {
    request.may("project.app.write")?;
    let missing = || Refusal::not_found("Errors.Application.Key.NotFound", "COMMAND-4m77G");
    let (_, client, app) = apps::find(request, project, app).ok_or_else(missing)?;
    let key = KeyId::from(key);
    if !app.keys.contains_key(&key) {
        return Err(missing());
    }
    request.world.remove_key(&client, &key).map_err(|_| missing())?;
    Ok(only(changed(request.world)))
}
