//! A handler that panics answers 500, and harms no other request.

use std::any::Any;

use axum::response::{IntoResponse, Response};

use super::error::ApiError;

/// The answer for a panic. Its message is on standard error, as the panic hook wrote it.
pub(super) fn answer(_panic: Box<dyn Any + Send>) -> Response {
    ApiError::Panicked.into_response()
}
