//! Route table of the demo API. The rule of a guarded route is in its handler's signature.

use axum_zitadel::{Routes, guarded, public};

use super::handlers;

/// Returns every route of the demo API.
#[must_use]
pub fn routes() -> Routes {
    Routes::default()
        .get("/api/public", public(handlers::public))
        .get("/api/private", guarded(handlers::private))
        .get("/api/private-scoped", guarded(handlers::private_scoped))
}
