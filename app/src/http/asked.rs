//! What every event about a request says of it.

use axum::http::Method;

use super::request_id::RequestId;

/// A request, as events know it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) method: &'a Method,
    /// The path of the route table.
    pub(super) route: &'a str,
    pub(super) request_id: &'a RequestId,
}
