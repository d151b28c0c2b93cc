//! The router: the table's routes, and what stands around all of them.

use std::sync::Arc;

use axum::{
    Router,
    extract::MatchedPath,
    http::Method,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;

use super::{cors, error::ApiError, guard::Guard, observed::Observation, table::Routes};
use crate::config::Cors;

/// The route of what no route has.
const UNMATCHED: &str = "unmatched";

/// The whole API. `max_body` is in bytes.
pub(crate) fn router(
    table: Routes,
    guard: Guard,
    cors: &Cors,
    max_body: usize,
    observation: &Observation,
) -> Router {
    let (no_path, no_method) = (observation.clone(), observation.clone());
    let router = table
        .into_router(&Arc::new(guard), max_body, observation)
        .fallback(async move |method: Method| {
            refuse(ApiError::NotFound, &no_path, &method, UNMATCHED)
        })
        .method_not_allowed_fallback(async move |method: Method, path: Option<MatchedPath>| {
            let path = path.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
            refuse(ApiError::MethodNotAllowed, &no_method, &method, path)
        });
    let router = match cors::layer(cors) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    // Without this axum would build each route anew for each request.
    router.with_state(())
}

/// Answers, and notes, what no handler was asked.
fn refuse(error: ApiError, observation: &Observation, method: &Method, route: &str) -> Response {
    let began = Instant::now();
    let response = error.into_response();
    observation.note(method, route, &response, began.elapsed());
    response
}
