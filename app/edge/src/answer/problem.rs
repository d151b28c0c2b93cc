//! Problem details (RFC 9457): the JSON body of a response that rejects a request.

use std::{
    borrow::Cow,
    pin::Pin,
    sync::{Arc, OnceLock},
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes},
    http::{
        HeaderValue, StatusCode,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use http_body::{Frame, SizeHint};
use serde::Serialize;

use super::RequestId;

/// Error response in the format of RFC 9457, with the members `type`, `title`, `status`, `detail`,
/// `code` and `request_id`.
///
/// A handler returns a `Problem` for its own errors, so that they look like this crate's denials:
///
/// ```
/// use axum_zitadel::Problem;
/// use http::StatusCode;
///
/// async fn read() -> Result<&'static str, Problem> {
///     Err(Problem::new(StatusCode::NOT_FOUND, "no_such_message", "There is no message 7."))
/// }
/// ```
///
/// A response has the member `request_id` if it passes a [`Guard`](crate::Guard).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
}

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");
pub(crate) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

impl Problem {
    /// Creates a problem; `code` is for programs, and `detail` a sentence for people.
    #[must_use]
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code: code.into(), detail: detail.into() }
    }

    /// Returns the HTTP status of the error response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the problem's code, for programs.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Returns the problem's detail, a sentence for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    fn json(&self, request_id: Option<&RequestId>) -> Vec<u8> {
        #[derive(Serialize)]
        struct Members<'a> {
            r#type: &'a str,
            title: &'a str,
            status: u16,
            detail: &'a str,
            code: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            request_id: Option<String>,
        }
        let members = Members {
            r#type: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Unknown"),
            status: self.status.as_u16(),
            detail: &self.detail,
            code: &self.code,
            request_id: request_id.map(ToString::to_string),
        };
        // Strings and numbers always serialize.
        serde_json::to_vec(&members).unwrap_or_default()
    }

    pub(super) fn answer(self, id: IdSlot) -> Response {
        let headers = [(CONTENT_TYPE, MEDIA_TYPE), (CACHE_CONTROL, NO_STORE)];
        let mut response = (self.status, headers).into_response();
        *response.body_mut() = Body::new(ProblemBody { problem: Some(self), id: id.clone() });
        response.extensions_mut().insert(id);
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.answer(IdSlot::default())
    }
}

/// Request id in a problem's body. The response's extensions share it, so that the guard can set it
/// before the body is sent.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdSlot(Arc<OnceLock<RequestId>>);

impl IdSlot {
    pub(crate) fn set(&self, id: &RequestId) {
        self.0.get_or_init(|| id.clone());
    }
}

/// Response body that serializes its problem only when sent: until then the guard may set the
/// request id in it.
#[derive(Debug)]
struct ProblemBody {
    problem: Option<Problem>,
    id: IdSlot,
}

impl http_body::Body for ProblemBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let problem = self.problem.take();
        Poll::Ready(problem.map(|problem| Ok(Frame::data(problem.json(self.id.0.get()).into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.problem.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.problem, self.id.0.get()) {
            (Some(problem), Some(id)) => {
                SizeHint::with_exact(problem.json(Some(id)).len().try_into().unwrap_or(u64::MAX))
            }
            (Some(_), None) => SizeHint::default(),
            (None, _) => SizeHint::with_exact(0),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::to_bytes, http::HeaderMap};
    use serde_json::{Value, json};

    use super::*;

    fn body(response: Response) -> Value {
        let body = pollster::block_on(to_bytes(response.into_body(), 10_000)).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    fn problem() -> Response {
        Problem::new(StatusCode::GONE, "no_more", "It is gone.").into_response()
    }

    #[test]
    fn a_problem_is_complete_without_an_id() {
        let response = problem();
        assert_eq!(response.status(), StatusCode::GONE);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers()[CACHE_CONTROL], "no-store");
        let expected = json!({
            "type": "about:blank", "title": "Gone", "status": 410, "detail": "It is gone.",
            "code": "no_more",
        });
        assert_eq!(body(response), expected);
    }

    #[test]
    fn an_id_that_comes_later_is_in_the_body_and_in_its_length() {
        let response = problem();
        assert_eq!(http_body::Body::size_hint(response.body()).exact(), None);
        let id = RequestId::from_headers(&HeaderMap::new());
        response.extensions().get::<IdSlot>().unwrap().set(&id);
        let length = http_body::Body::size_hint(response.body()).exact().unwrap();
        let body = pollster::block_on(to_bytes(response.into_body(), 10_000)).unwrap();
        assert_eq!(body.len() as u64, length);
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["request_id"], id.to_string());
    }
}
