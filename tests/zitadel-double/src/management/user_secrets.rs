//! Client secrets and keys of service users.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::app_keys::shown;
use super::details::{added, changed, only};
use super::request::{Outcome, Request};
use crate::ids::KeyId;
use crate::random;
use crate::refusal::Refusal;

pub(super) fn set(request: &mut Request<'_>, user: &str) -> Outcome {
    request.may("user.write")?;
    let missing = || Refusal::precondition("Errors.User.NotExisting", "COMMAND-x8910n");
    let (id, user) = request.user_mut(user).ok_or_else(missing)?;
    let (name, secret) = (user.name.clone(), random::client_secret());
    user.credentials.secret = Some(secret.clone());
    request.world.log_user(&id, "user.machine.secret.set", json!({ "hashedSecret": "<hash>" }));
    let details = changed(request.world);
    Ok(json!({ "clientId": name, "clientSecret": secret, "details": details }))
}

/// Removes the secret; tokens issued for it stay valid.
pub(super) fn remove(request: &mut Request<'_>, user: &str) -> Outcome {
    request.may("user.write")?;
    let missing = || Refusal::precondition("Errors.User.NotExisting", "COMMAND-x7s802");
    let (id, user) = request.user_mut(user).ok_or_else(missing)?;
    let none = || Refusal::precondition("Secret doesn't exist", "COMMAND-coi82n");
    user.credentials.secret.take().ok_or_else(none)?;
    request.world.log_user(&id, "user.machine.secret.removed", json!({}));
    Ok(only(changed(request.world)))
}

pub(super) fn add_key(request: &mut Request<'_>, user: &str) -> Outcome {
    request.may("user.write")?;
    let expires_at = request.expiration()?;
    let missing = || Refusal::precondition("User could not be found", "COMMAND-bnipwm1");
    let (id, _) = request.user(user).ok_or_else(missing)?;
    let (key, file) = request.world.add_user_key(&id, expires_at).map_err(|_| missing())?;
    Ok(json!({
        "keyId": key.as_str(), "keyDetails": STANDARD.encode(file),
        "details": added(request.world),
    }))
}

pub(super) fn search_keys(request: &Request<'_>, user: &str) -> Outcome {
    request.may("user.read")?;
    let rows = &request.world.log.rows;
    let keys = request.user(user).into_iter().flat_map(|(_, user)| &user.credentials.keys);
    let keys = keys.filter(|(id, _)| request.shows(id));
    let keys = keys.map(|(id, key)| shown(id, key, &rows.get(id.as_str(), request.org())));
    Ok(request.page(keys.collect()))
}

pub(super) fn remove_key(request: &mut Request<'_>, user: &str, key: &str) -> Outcome {
    request.may("user.write")?;
    let missing = || Refusal::not_found("Machine key not found", "COMMAND-4m77G");
    let (id, user) = request.user_mut(user).ok_or_else(missing)?;
    user.credentials.keys.remove(&KeyId::from(key)).ok_or_else(missing)?;
    request.world.log_user(&id, "user.machine.key.removed", json!({ "keyId": key }));
    Ok(only(changed(request.world)))
}
