//! The organization of the call.

use serde_json::json;

use super::details::listed;
use super::request::{Outcome, Request};

pub(super) fn mine(request: &Request<'_>) -> Outcome {
    request.may("org.read")?;
    let id = request.org();
    let org = request.world.orgs.get(&id);
    let (name, domain) =
        org.map(|org| (org.name.as_str(), org.primary_domain.as_str())).unwrap_or_default();
    let row = request.world.log.rows.get(id.as_str(), &id);
    Ok(json!({ "org": {
        "id": id.as_str(), "details": listed(&row), "state": "ORG_STATE_ACTIVE",
        "name": name, "primaryDomain": domain,
    } }))
}
