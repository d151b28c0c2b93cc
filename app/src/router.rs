//! Router of the API: its routes, CORS around them, and the resource metadata (RFC 9728).

use axum::Router;
use axum_zitadel::{Guard, Routes, resource_metadata};

use crate::{config::Cors, cors};

pub(crate) fn router(routes: Routes, guard: &Guard, cors: &Cors, max_body: usize) -> Router {
    let router = routes.max_body(max_body).into_api(guard);
    let router = match cors::layer(cors, guard.resource().is_some()) {
        // Without `with_state`, axum would build each route anew for each request.
        Some(cors) => router.layer(cors).with_state(()),
        None => router,
    };
    if guard.resource().is_none() {
        return router;
    }
    // Outside the CORS layer: pages of any origin may read the metadata.
    router.merge(resource_metadata([guard])).with_state(())
}

#[cfg(test)]
mod tests;
