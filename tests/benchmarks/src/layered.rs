//! A custom service: plain axum with the library's layer.

use std::error::Error;

use adapters::{
    CacheSettings, Limits,
    zitadel::{ClientCredentials, ZitadelSettings, compose},
};
use axum::{Json, Router, routing::get};
use axum_zitadel::{Authorized, Guard, domain::rules::SignedIn};
use serde::Serialize;

/// Response of the app's private route.
#[derive(Serialize)]
struct Message {
    message: &'static str,
}

async fn private(_: Authorized<SignedIn>) -> Json<Message> {
    Json(Message { message: "Private route - You need to be authenticated to see this." })
}

/// Creates a guard with the ZITADEL at `domain`.
///
/// # Errors
/// If a value is invalid.
pub fn guard(
    domain: &str,
    client_id: &str,
    client_secret: &str,
    cache: CacheSettings,
) -> Result<Guard, Box<dyn Error>> {
    let credentials = ClientCredentials::client_secret(client_id, client_secret)?;
    let settings = ZitadelSettings::new(domain.parse()?, credentials);
    Ok(Guard::new(compose(settings, cache, Limits::default())?.authorizer()))
}

/// Router of the service.
#[expect(clippy::disallowed_methods, reason = "a router of the owner's own is what is measured")]
pub fn router(guard: &Guard) -> Router {
    Router::new().route("/api/private", get(private)).layer(guard.layer()).with_state(())
}
