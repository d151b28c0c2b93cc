//! What axum says when a handler cannot read the body or the parameters, as a problem.

use axum::{
    body,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};

use super::error::ApiError;

/// The longest text that is taken over, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

/// Whether it is a plain text that says 400, 413, 415, 422 or 500.
pub(super) fn is_one(response: &Response) -> bool {
    let by_status = matches!(
        response.status(),
        StatusCode::BAD_REQUEST
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
            | StatusCode::UNPROCESSABLE_ENTITY
            | StatusCode::INTERNAL_SERVER_ERROR
    );
    let is_text = |value: &HeaderValue| value.as_bytes().starts_with(b"text/plain");
    by_status && response.headers().get(CONTENT_TYPE).is_some_and(is_text)
}

/// Turns one into a problem. Its text is the detail; that of a 500 is for the log alone.
pub(super) async fn to_problem(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    let text = body::to_bytes(body, MAX_LENGTH).await.unwrap_or_default();
    let detail = String::from_utf8_lossy(&text).into_owned();
    let mut problem = if head.status == StatusCode::INTERNAL_SERVER_ERROR {
        ApiError::HandlerFailed { detail }.into_response()
    } else {
        ApiError::Unreadable { status: head.status, detail }.into_response()
    };
    head.headers.remove(CONTENT_LENGTH);
    head.headers.remove(CONTENT_TYPE);
    problem.headers_mut().extend(head.headers);
    problem.extensions_mut().extend(head.extensions);
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::error::TurnedAway;

    fn detail(text: &str) -> String {
        let rejection = (StatusCode::BAD_REQUEST, text.to_owned()).into_response();
        let answer = pollster::block_on(to_problem(rejection));
        let turned_away: &TurnedAway = answer.extensions().get().unwrap();
        turned_away.problem.detail.clone()
    }

    #[test]
    fn a_text_of_16_kib_is_taken_over_and_a_longer_one_is_not() {
        let text = "x".repeat(16_384);
        assert_eq!(detail(&text), text);
        assert_eq!(detail(&format!("{text}x")), "");
    }
}
