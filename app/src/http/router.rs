//! The router: the table's routes, and what stands around all of them.

use std::sync::Arc;

use axum::{
    Router,
    extract::{MatchedPath, Request},
    response::{IntoResponse, Response},
};

use super::{
    cors, error::ApiError, guard::Guard, observation::Observation, observed::Observer,
    table::Routes,
};
use crate::config::Cors;

/// The route of what no route has.
const UNMATCHED: &str = "unmatched";

/// The whole API. `max_body` is in bytes.
pub(crate) fn router(
    table: Routes,
    guard: Guard,
    cors: &Cors,
    max_body: usize,
    observation: Observation,
) -> Router {
    let observation = Arc::new(observation);
    let (no_path, no_method) = (Arc::clone(&observation), Arc::clone(&observation));
    let router = table
        .into_router(&Arc::new(guard), max_body, &observation)
        .fallback(async move |request: Request| {
            refuse(ApiError::NotFound, &request, UNMATCHED, &no_path)
        })
        .method_not_allowed_fallback(async move |path: Option<MatchedPath>, request: Request| {
            let path = path.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
            refuse(ApiError::MethodNotAllowed, &request, path, &no_method)
        });
    let router = match cors::layer(cors) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    // Without this axum would build each route anew for each request.
    router.with_state(())
}

/// Answers, and notes, what no handler is asked.
fn refuse(
    error: ApiError,
    request: &Request,
    route: &str,
    observation: &Arc<Observation>,
) -> Response {
    let observer = Observer::of_refusal(observation, request.method().clone(), route);
    observer.begin(request).end(error.into_response())
}
