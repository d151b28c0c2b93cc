//! The router of an API: the table's routes, and CORS around them.

use axum::Router;
use axum_zitadel::{Guard, Routes};

use crate::{config::Cors, cors};

/// Builds the whole API. `max_body` is in bytes.
pub(crate) fn router(routes: Routes, guard: &Guard, cors: &Cors, max_body: usize) -> Router {
    let router = routes.max_body(max_body).into_api(guard);
    match cors::layer(cors) {
        // Without the state axum would build each route anew for each request.
        Some(cors) => router.layer(cors).with_state(()),
        None => router,
    }
}

#[cfg(test)]
mod tests;
