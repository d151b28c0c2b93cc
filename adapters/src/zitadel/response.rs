//! Reads responses of the authorization server, up to a limited length.

use domain::IntrospectionError;
use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue},
};

use super::fault::{self, FaultSource};

const MAX_LENGTH: usize = 1024 * 1024;

pub(super) async fn send(request: RequestBuilder) -> Result<Response, IntrospectionError> {
    request.send().await.map_err(fault::transport)
}

/// Returns the JSON text of a response with status 200 and type `application/json`.
///
/// # Errors
/// For every other response.
pub(super) async fn read(response: Response) -> Result<Vec<u8>, IntrospectionError> {
    let status = response.status();
    if status != StatusCode::OK {
        let headers = response.headers().clone();
        let body = body(response, MAX_LENGTH).await.unwrap_or_default();
        return Err(fault::status(status, &headers, &body));
    }
    read_at_most(MAX_LENGTH, response).await
}

/// Returns the JSON text of a response with any status; fails if the text is longer than `limit`
/// bytes.
pub(super) async fn read_at_most(
    limit: usize,
    response: Response,
) -> Result<Vec<u8>, IntrospectionError> {
    if is_compressed(response.headers()) {
        return Err(FaultSource::Compressed.malformed());
    }
    let refused = refused_type(response.headers());
    let body = body(response, limit).await;
    refused.map_or(body, |seen| Err(seen.malformed()))
}

fn is_compressed(headers: &HeaderMap) -> bool {
    let is_identity = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    headers.get_all(CONTENT_ENCODING).iter().any(|value| !value.is_empty() && !is_identity(value))
}

/// Returns the fault if the media type in `headers` is not `application/json`.
fn refused_type(headers: &HeaderMap) -> Option<FaultSource> {
    let media_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map_or("", str::trim);
    if media_type.eq_ignore_ascii_case("application/json") {
        None
    } else if media_type.eq_ignore_ascii_case("text/html") {
        Some(FaultSource::WebPage)
    } else {
        Some(FaultSource::MediaType)
    }
}

pub(super) async fn body(
    mut response: Response,
    limit: usize,
) -> Result<Vec<u8>, IntrospectionError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(fault::transport)? {
        if body.len() + chunk.len() > limit {
            return Err(FaultSource::Oversized { limit }.malformed());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
