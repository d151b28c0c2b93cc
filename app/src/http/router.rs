//! The router: the table's routes, and what stands around all of them.

use std::sync::Arc;

use axum::{
    Router,
    extract::MatchedPath,
    http::Method,
    response::{IntoResponse, Response},
};
use tokio::time::Instant;

use super::{cors, error::ApiError, guard::Guard, measured, table::Routes};
use crate::{config::Cors, metrics::Metrics};

/// The route of what no route has.
const UNMATCHED: &str = "unmatched";

/// The whole API. `max_body` is in bytes.
pub(crate) fn router(
    table: Routes,
    guard: Guard,
    cors: &Cors,
    max_body: usize,
    metrics: Option<&Metrics>,
) -> Router {
    let (no_path, no_method) = (metrics.cloned(), metrics.cloned());
    let router = table
        .into_router(&Arc::new(guard), max_body, metrics)
        .fallback(async move |method: Method| {
            refuse(ApiError::NotFound, no_path.as_ref(), &method, UNMATCHED)
        })
        .method_not_allowed_fallback(async move |method: Method, path: Option<MatchedPath>| {
            let path = path.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
            refuse(ApiError::MethodNotAllowed, no_method.as_ref(), &method, path)
        });
    let router = match cors::layer(cors) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    // Without this axum would build each route anew for each request.
    router.with_state(())
}

/// Answers, and counts, what no handler was asked.
fn refuse(error: ApiError, metrics: Option<&Metrics>, method: &Method, route: &str) -> Response {
    let began = Instant::now();
    let response = error.into_response();
    if let Some(metrics) = metrics {
        let outcome = measured::outcome(&response);
        metrics.request(method, route, response.status(), outcome).record(began.elapsed());
    }
    response
}
