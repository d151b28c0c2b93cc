//! An answer of the authorization server, read with a bound.

use domain::IntrospectionError;
use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap},
};

use super::fault::{self, Seen};

/// The longest answer that is read, in bytes.
const MAX_LENGTH: usize = 1024 * 1024;

/// Sends `request` and gives the JSON text of a 200.
///
/// # Errors
/// For every other answer, and for none.
pub(super) async fn json(request: RequestBuilder) -> Result<Vec<u8>, IntrospectionError> {
    let response = request.send().await.map_err(fault::transport)?;
    let status = response.status();
    if status != StatusCode::OK {
        let headers = response.headers().clone();
        return Err(fault::status(status, &headers, &body(response).await.unwrap_or_default()));
    }
    let is_json = is_json(response.headers());
    let body = body(response).await;
    if is_json { body } else { Err(Seen::MediaType.malformed()) }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/json"))
}

async fn body(mut response: Response) -> Result<Vec<u8>, IntrospectionError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(fault::transport)? {
        if body.len() + chunk.len() > MAX_LENGTH {
            return Err(Seen::Oversized { limit: MAX_LENGTH }.malformed());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
