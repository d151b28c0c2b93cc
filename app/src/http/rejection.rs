//! What axum says when a handler cannot read the body or the parameters, as a problem.

use super::error::ApiError;
use axum::{
    body,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use futures_util::{
    FutureExt,
    future::{BoxFuture, Either, Ready, ready},
};

/// The longest text that is taken over, in bytes.
const MAX_LENGTH: usize = 16 * 1024;

/// Most answers are ready as they are.
pub(super) type Converted = Either<Ready<Response>, BoxFuture<'static, Response>>;

/// Turns a plain text that says 400, 413, 415, 422 or 500 into a problem. The text is its detail;
/// that of a 500 is for the log alone.
pub(super) fn to_problem(response: Response) -> Converted {
    if is_rejection(&response) {
        Either::Right(convert(response).boxed())
    } else {
        Either::Left(ready(response))
    }
}

fn is_rejection(response: &Response) -> bool {
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

async fn convert(response: Response) -> Response {
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
