//! Simulation of faults.

use std::sync::Arc;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, LOCATION, SET_COOKIE};
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::body::{self, Body};
use super::line::{Ending, Line};
use crate::answer::Answer;
use crate::fault::{DATABASE_HOST, Fault, Framing, RedirectStatus};
use crate::oidc::{Part, Reply};

const FIFTY_MEGABYTES: usize = 50_000_000;
const WRONG_TYPES: &str = r#"{"active":"true","exp":"tomorrow","iat":null,"aud":42,"scope":["a"],
    "sub":7,"issuer":42,"introspection_endpoint":["https://example.test"],
    "events":"none","eventTypes":{"type":7}}"#;
const LOGIN_PAGE: &str = "<!DOCTYPE html><html><head><title>Login</title></head><body>\
    <form method=\"post\"><input name=\"loginName\"></form></body></html>";
const PROXY_PAGE: &str = "<html><head><title>The upstream is away</title></head><body>\
    <center><h1>The upstream is away</h1></center><hr><center>nginx</center></body></html>";

/// Body length in bytes above which Go sends chunks.
const ONE_PIECE: usize = 2048;

pub(super) fn answer(reply: Reply) -> Response<Body> {
    if reply.body.len() > ONE_PIECE {
        return finish(reply.head(None), body::in_chunks(&reply.body));
    }
    let head = reply.head(Some(reply.body.len()));
    finish(head, body::whole(reply.body))
}

/// Returns the response under a fault instead of the healthy endpoint's `right`.
pub(super) async fn act_out(fault: Fault, right: Reply, line: &Arc<Line>) -> Response<Body> {
    match fault {
        Fault::Stall => std::future::pending().await,
        Fault::Delay(time) => {
            tokio::time::sleep(time).await;
            answer(right)
        }
        Fault::Hold(gate) => {
            gate.passed().await;
            answer(right)
        }
        Fault::ResetBeforeAnswer => end(line, Ending::Reset).await,
        Fault::CloseBeforeAnswer => end(line, Ending::Close).await,
        Fault::ResetMidBody => {
            let beginning = first_half(&right);
            finish(right.head(None), body::broken_off(beginning, line, Ending::Reset))
        }
        Fault::Truncate => {
            let beginning = first_half(&right);
            let head = right.head(Some(right.body.len()));
            finish(head, body::broken_off(beginning, line, Ending::Close))
        }
        Fault::InternalServerError => text(StatusCode::INTERNAL_SERVER_ERROR, "internal error\n"),
        Fault::BadGateway => answer(Reply::html(StatusCode::BAD_GATEWAY, PROXY_PAGE)),
        Fault::ServiceUnavailable => {
            answer(Reply::html(StatusCode::SERVICE_UNAVAILABLE, PROXY_PAGE))
        }
        Fault::TooManyRequests => {
            let said = "Your ZITADEL instance is blocked.\n";
            let mut response = text(StatusCode::TOO_MANY_REQUESTS, said);
            let cookie = HeaderValue::from_static("zitadel.quota.exhausted=true; Path=/");
            response.headers_mut().append(SET_COOKIE, cookie);
            response
        }
        Fault::DatabaseDown => {
            let reply = Reply::text(StatusCode::NOT_FOUND, &database_down(&right.no_instance()));
            answer(reply.of(Part::Instance))
        }
        Fault::LoginPage => answer(Reply::html(StatusCode::OK, LOGIN_PAGE)),
        Fault::Redirect(status, location) => redirect(status, &location),
        Fault::WrongTypes => answer(json_text(WRONG_TYPES)),
        Fault::NotJson => answer(json_text("active: true")),
        Fault::Empty => answer(json_text("")),
        Fault::Compressed => {
            let mut response = answer(right);
            let encoding = HeaderValue::from_static("gzip");
            response.headers_mut().insert(CONTENT_ENCODING, encoding);
            response
        }
        Fault::Headers(count) => {
            let mut response = answer(right);
            for number in 0..count {
                if let Ok(name) = format!("x-more-{number}").parse::<HeaderName>() {
                    response.headers_mut().insert(name, HeaderValue::from_static("1"));
                }
            }
            response
        }
        Fault::ContentType(content_type) => {
            let mut wrong = right;
            wrong.content_type = content_type;
            answer(wrong)
        }
        Fault::Huge(framing) => huge(&right, framing),
        Fault::Drip(interval) => finish(right.head(None), body::dripping(opened(&right), interval)),
        Fault::Status(status, dictated) => answer(Reply::dictated(status, dictated)),
    }
}

pub(super) async fn end(line: &Line, ending: Ending) -> Response<Body> {
    line.end(ending);
    std::future::pending().await
}

fn huge(right: &Reply, framing: Framing) -> Response<Body> {
    let (body, length) = body::padded(opened(right), FIFTY_MEGABYTES, b"\"}");
    let head = match framing {
        Framing::Chunked => right.head(None),
        Framing::ContentLength => right.head(None).header(CONTENT_LENGTH, length),
    };
    finish(head, body)
}

fn redirect(status: RedirectStatus, location: &str) -> Response<Body> {
    let status = match status {
        RedirectStatus::Found => StatusCode::FOUND,
        RedirectStatus::TemporaryRedirect => StatusCode::TEMPORARY_REDIRECT,
    };
    let reply = Reply::html(status, "<a href=\"elsewhere\">Moved</a>.\n");
    finish(reply.head(Some(reply.body.len())).header(LOCATION, location), body::whole(reply.body))
}

fn text(status: StatusCode, text: &str) -> Response<Body> {
    answer(Reply::text(status, text))
}

fn json_text(text: &str) -> Reply {
    Reply::dictated(StatusCode::OK, Answer::bytes(text))
}

/// ZITADEL's text for a failed lookup of the instance.
fn database_down(no_instance: &str) -> String {
    format!(
        "{no_instance}ID=QUERY-d3fas Message=An internal error occurred Parent=(failed to connect \
         to `user=zitadel database=zitadel`: {DATABASE_HOST}:5432: connection refused)\n"
    )
}

fn first_half(right: &Reply) -> Vec<u8> {
    right.body.iter().take(right.body.len().div_ceil(2)).copied().collect()
}

/// Returns the right response's JSON object, open in the middle of another string.
fn opened(right: &Reply) -> Vec<u8> {
    let object = right.body.trim_ascii_end().strip_suffix(b"}");
    let object = object.unwrap_or(b"{\"active\":true");
    let comma: &[u8] = if object == b"{" { b"" } else { b"," };
    [object, comma, b"\"padding\":\""].concat()
}

/// Builds the head; fails on an invalid header value in a test.
#[expect(clippy::expect_used, reason = "the test gave a location that is no header value")]
fn finish(head: http::response::Builder, body: Body) -> Response<Body> {
    head.body(body).expect("a response head")
}
