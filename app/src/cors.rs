//! CORS layer. It answers preflight requests itself, before any token is required.

use std::time::Duration;

use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum_zitadel::{MCP_SESSION_ID, X_REQUEST_ID};
use tower_http::cors::{AllowHeaders, AllowMethods, AllowOrigin, CorsLayer};

use crate::config::{AllowedOrigin, Cors};

/// Time for which a browser may cache a preflight response.
const MAX_AGE: Duration = Duration::from_mins(10);

/// Returns a layer that lets web pages of the origins in `cors` call the API; `None` if `cors` has
/// no origins. With `has_resource`, as for an MCP server, pages may also read the header
/// `mcp-session-id`.
pub(crate) fn layer(cors: &Cors, has_resource: bool) -> Option<CorsLayer> {
    if cors.allowed_origins.is_empty() {
        return None;
    }
    let mut exposed = vec![WWW_AUTHENTICATE, RETRY_AFTER, X_REQUEST_ID];
    if has_resource {
        exposed.push(MCP_SESSION_ID);
    }
    let origins = cors.allowed_origins.iter().map(AllowedOrigin::as_header).cloned();
    Some(
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(origins))
            .allow_methods(AllowMethods::mirror_request())
            .allow_headers(AllowHeaders::mirror_request())
            .expose_headers(exposed)
            .max_age(MAX_AGE),
    )
}
