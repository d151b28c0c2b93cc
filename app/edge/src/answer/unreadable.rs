//! Converts the responses by which axum's extractors reject a request into problems (RFC 9457).

use axum::{
    body,
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::Response,
};

use super::{Outcome, Rejected};

/// Maximum length, in bytes, of axum's rejection message as a problem's `detail`; a longer one
/// leaves `detail` empty.
const MAX_LENGTH: usize = 16 * 1024;

/// Returns whether the response looks like a rejection by axum's extractors: plain text with status
/// 400, 413, 415, 422 or 500.
pub(crate) fn is_rejection(response: &Response) -> bool {
    let by_status = matches!(
        response.status(),
        StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY
            | StatusCode::INTERNAL_SERVER_ERROR
    );
    let is_ours = response.extensions().get::<Rejected>().is_some();
    let is_text = |value: &HeaderValue| value.as_bytes().starts_with(b"text/plain");
    by_status && !is_ours && response.headers().get(CONTENT_TYPE).is_some_and(is_text)
}

/// Returns the outcome for axum's rejection with this `status` and `body`. The text of `body`
/// becomes the problem's `detail`; with status 500 it is only logged.
pub(crate) async fn outcome_of(status: StatusCode, body: body::Body) -> Outcome {
    let text = body::to_bytes(body, MAX_LENGTH).await.unwrap_or_default();
    let detail = String::from_utf8_lossy(&text).into_owned();
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        Outcome::HandlerFailed { detail }
    } else {
        Outcome::Unreadable { status, detail }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detail(text: &str) -> String {
        let body = body::Body::from(text.to_owned());
        match pollster::block_on(outcome_of(StatusCode::BAD_REQUEST, body)) {
            Outcome::Unreadable { detail, .. } => detail,
            other => panic!("it is {other:?}"),
        }
    }

    #[test]
    fn a_text_of_16_kib_is_taken_over_and_a_longer_one_is_not() {
        let text = "x".repeat(16_384);
        assert_eq!(detail(&text), text);
        assert_eq!(detail(&format!("{text}x")), "");
    }
}
