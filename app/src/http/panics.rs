//! A handler that panics answers 500, and harms no other request.

use std::any::Any;

use axum::response::{IntoResponse, Response};
use tracing::error;

use super::error::ApiError;

/// The answer for a panic. Its message is in the log, as the panic hook wrote it.
pub(super) fn answer(_panic: Box<dyn Any + Send>) -> Response {
    error!(reason = "internal_error", "a handler panicked");
    ApiError::Internal.into_response()
}
