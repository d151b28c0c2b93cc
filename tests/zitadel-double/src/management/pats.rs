//! Personal access tokens of service users.

use serde_json::json;

use super::details::{added, changed, listed, only};
use super::lists::object;
use super::request::{Outcome, Request};
use crate::event_log::of_protobuf;
use crate::refusal::Refusal;
use crate::world::{PAT_SCOPES, UserKind};

pub(super) fn add(request: &mut Request<'_>, user: &str) -> Outcome {
    request.may("user.write")?;
    let expires_at = request.expiration()?;
    let missing = || Refusal::precondition("User could not be found", "COMMAND-Dggw2");
    let (id, user) = request.user(user).ok_or_else(missing)?;
    if user.kind == UserKind::Human {
        let text = "Not allowed for this user type";
        return Err(Refusal::precondition(text, "COMMAND-Df2f1"));
    }
    let scopes = PAT_SCOPES.map(str::to_owned).to_vec();
    let (token_id, token) = request.world.add_pat(&id, expires_at, scopes);
    Ok(json!({ "tokenId": token_id, "token": token, "details": added(request.world) }))
}

/// Lists tokens that were not removed, including a deactivated user's invalid ones.
pub(super) fn search(request: &Request<'_>, user: &str) -> Outcome {
    request.may("user.read")?;
    let rows = &request.world.log.rows;
    let user = request.user(user);
    let pats = user.into_iter().flat_map(|(id, _)| request.world.pats_of(&id));
    let shown = pats.filter(|pat| request.shows(&pat.id)).map(|pat| {
        let expiration = of_protobuf(pat.expires_at.saturating_mul(1_000_000));
        object([
            ("id", pat.id.as_str().into()),
            ("details", listed(&rows.get(&pat.id, request.org()))),
            ("expirationDate", expiration.into()),
            ("scopes", pat.scopes.clone().into()),
        ])
    });
    Ok(request.page(shown.collect()))
}

pub(super) fn remove(request: &mut Request<'_>, user: &str, token_id: &str) -> Outcome {
    request.may("user.write")?;
    let missing = || Refusal::not_found("Personal Access Token not found", "COMMAND-4m77G");
    let (id, _) = request.user(user).ok_or_else(missing)?;
    let is_listed = request.world.pats_of(&id).iter().any(|pat| pat.id == token_id);
    if !is_listed || !request.world.remove_pat_with_id(token_id) {
        return Err(missing());
    }
    Ok(only(changed(request.world)))
}
