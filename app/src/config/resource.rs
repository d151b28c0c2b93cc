//! The section `[resource]`: the URL of this API, for clients that discover where to sign in (RFC
//! 9728).

use adapters::zitadel::{ClaimName, login_scopes};
use axum_zitadel::Resource;
use url::Url;

use super::{auth::Auth, error::ConfigError, layers::Layers};

/// Names of settings that are refused without `resource.url`.
const DETAILS: [&str; 2] = ["resource.name", "resource.documentation"];

/// Reads the section `[resource]`; `None` without `resource.url`. With that URL,
/// `zitadel.project_id` is required: the scopes that clients must request contain it. The id may be
/// missing only if `has_project` is false, as before `setup` creates the project; without an id
/// there are no scopes.
pub(super) fn read(
    layers: &Layers,
    auth: &Auth,
    has_project: bool,
) -> Result<Option<Resource>, ConfigError> {
    let Some(url) = layers.text("resource.url")? else {
        for name in DETAILS {
            if layers.text(name)?.is_some() {
                return Err(layers.conflict(name, "it is there without resource.url"));
            }
        }
        return Ok(None);
    };
    let mut resource = Resource::new(&url).map_err(|error| layers.error("resource.url", error))?;
    let project_id = layers.text("zitadel.project_id")?;
    if project_id.is_none() && has_project {
        return Err(layers.conflict(
            "resource.url",
            "it needs zitadel.project_id: clients ask for a token of this API by the id of its project",
        ));
    }
    if !auth.realm.fits_a_resource() {
        return Err(layers.conflict(
            "auth.realm",
            "with resource.url it has neither scope= nor error= nor resource_metadata=: clients would \
             take these for fields of the challenge",
        ));
    }
    if let Some(project_id) = project_id {
        let claims: Vec<ClaimName> = layers.list("zitadel.claims")?;
        let scopes = login_scopes(&project_id, !auth.organizations.is_empty(), &claims);
        let scopes = scopes.map_err(|error| layers.error("zitadel.project_id", error))?;
        resource = resource.scopes(scopes);
    }
    if let Some(name) = layers.text("resource.name")? {
        resource = resource.name(&name);
    }
    if let Some(url) = layers.text("resource.documentation")? {
        let is_page = Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
        if !is_page {
            return Err(layers.error("resource.documentation", "it is no URL of a page"));
        }
        resource = resource.documentation(&url);
    }
    Ok(Some(resource))
}
