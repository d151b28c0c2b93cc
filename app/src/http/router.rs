//! The router: the table's routes, and what stands around all of them.

use std::sync::Arc;

use axum::{Router, response::IntoResponse};

use super::{cors, error::ApiError, guard::Guard, table::Routes};
use crate::config::Cors;

/// The whole API. `max_body` is in bytes.
pub(crate) fn router(table: Routes, guard: Guard, cors: &Cors, max_body: usize) -> Router {
    let router = table
        .into_router(&Arc::new(guard), max_body)
        .fallback(async || ApiError::NotFound.into_response())
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed.into_response());
    let router = match cors::layer(cors) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    // Without this axum would build each route anew for each request.
    router.with_state(())
}
